"""What holds of every run, again under guard kernel: statuses, what the command finds, limits, signals, and every way to end."""

import support
import test_run
import test_run_faults

# What these say is about guard shim alone, or is otherwise here.
OF_THE_DOOR = {
    "test_it_says_what_the_shim_is_not", "test_auto_says_what_it_took", "test_a_shim_where_the_loader_cannot_be_told_of_it",
    "test_its_working_directory_is_deeper_than_a_path_may_be_long",  # where no path can be said, none can be judged
}


class UnderKernel:
    def guard(self, *command, options=(), **more):
        return super().guard(*command, options=["--guard=kernel", *options], **more)

    def start(self, *command, options=(), **more):
        return super().start(*command, options=["--guard=kernel", *options], **more)


def again(case):
    """The same tests under guard kernel; None in a test's place leaves it out."""
    left_out = dict.fromkeys(OF_THE_DOOR & set(dir(case)))
    return type(case.__name__, (UnderKernel, case), {**left_out, "__module__": __name__})


for module in (test_run, test_run_faults):
    for case in vars(module).values():
        if isinstance(case, type) and issubclass(case, test_run.RunCase) and case.__module__ == module.__name__:
            globals()[case.__name__] = again(case)
del module, case


class NoPath(test_run.RunCase):
    def test_in_a_directory_deeper_than_a_path_may_be_long_nothing_is_made(self):
        text = ("import os\ntry:\n  for _ in range(20): os.mkdir('d' * 250); os.chdir('d' * 250)\n"
                "except OSError as error: print(error.strerror)\n")
        result = self.guard("/usr/bin/python3", "-c", text, options=["--guard=kernel", "--quiet"])
        self.assertEqual((result.returncode, result.stdout), (0, "File name too long\n"), result.stderr)


class KeeperOutOfReach(test_run.RunCase):
    def test_the_command_cannot_kill_what_holds_it(self):
        result = self.guard("sh", "-c", "kill -9 $PPID; echo $?", options=["--guard=kernel", "--quiet"])
        self.assertEqual((result.returncode, result.stdout), (0, "1\n"), result.stderr)


if __name__ == "__main__":
    support.main()
