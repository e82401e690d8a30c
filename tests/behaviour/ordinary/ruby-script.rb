# ruby: files, children, threads, sockets
# needs: ruby

require "tmpdir"; require "socket"; require "open3"; require "fileutils"
File.write("r.txt", "text"); puts File.read("r.txt"); File.delete("r.txt"); Dir.mktmpdir { |d| File.write("#{d}/x", "y") }
puts `echo backticks`, Open3.capture2("cat", stdin_data: "in")[0]; puts Thread.new { 6 * 7 }.value; FileUtils.mkdir_p("a/b"); FileUtils.rm_rf("a")
server = TCPServer.new("127.0.0.1", 0); Thread.new { server.accept.puts("hello") }; puts TCPSocket.new("127.0.0.1", server.addr[1]).gets
