"""What holds of every run, again under guard shim: statuses, what the command finds, limits, signals, and every way to end."""

import support
import test_run
import test_run_faults

# What these say is about one guard by its name.
OF_ONE_GUARD = {
    "test_it_says_what_the_shim_is_not", "test_kernel_says_nothing", "test_auto_says_what_it_took",
    "test_a_shim_where_the_loader_cannot_be_told_of_it", "test_the_command_cannot_kill_it",
    "test_its_working_directory_is_deeper_than_a_path_may_be_long",
    "test_in_a_directory_deeper_than_a_path_may_be_long_nothing_is_made",
}


class UnderShim:
    def guard(self, *command, options=(), **more):
        return super().guard(*command, options=["--guard=shim", *options], **more)

    def start(self, *command, options=(), **more):
        return super().start(*command, options=["--guard=shim", *options], **more)


def again(case):
    """The same tests under guard shim; None in a test's place leaves it out."""
    left_out = dict.fromkeys(OF_ONE_GUARD & set(dir(case)))
    return type(case.__name__, (UnderShim, case), {**left_out, "__module__": __name__})


for module in (test_run, test_run_faults):
    for case in vars(module).values():
        if isinstance(case, type) and issubclass(case, test_run.RunCase) and case.__module__ == module.__name__:
            globals()[case.__name__] = again(case)
del module, case


if __name__ == "__main__":
    support.main()
