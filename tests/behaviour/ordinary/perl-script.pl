# perl: files, pipes, fork, sockets on localhost, sort, a module of its own

use strict; use warnings; use File::Temp; use File::Path; use IO::Socket::INET; use POSIX ();
$| = 1;
open(my $out, '>', 'p.txt') or die; print $out "text\n"; close $out; rename 'p.txt', 'q.txt'; print -s 'q.txt', "\n"; unlink 'q.txt';
print `echo backticks`; system('echo', 'system'); open(my $pipe, '-|', 'echo', 'pipe'); print <$pipe>; close $pipe;
my $temp = File::Temp->new; print $temp "x"; File::Path::make_path('a/b/c'); File::Path::remove_tree('a'); my @found = sort glob('*'); print "@found\n";
my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die; my $pid = fork;
if (!$pid) { my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport) or die; print $c "socket\n"; POSIX::_exit(0); }
my $peer = $server->accept; print scalar <$peer>; waitpid $pid, 0; print $? >> 8, " ", scalar(gmtime(0)), "\n";
exec 'echo', 'exec';
