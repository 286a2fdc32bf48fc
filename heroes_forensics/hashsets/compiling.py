"""Machine code for this processor out of a text in LLVM's language; needs the extra ``fast``."""

from importlib import import_module
from typing import NamedTuple


class Compiled(NamedTuple):
    """Some functions."""

    addresses: tuple[int, ...]
    owner: object
    """The compiler: the machine code goes when it goes."""


def compiled(program: str, *names: str) -> Compiled | None:
    """Compile a program for this processor.

    Args:
        program: in LLVM's assembly language.
        names: of the functions in it.

    Returns:
        None without llvmlite, and where a policy forbids compiling while running.
    """
    try:
        binding = import_module("llvmlite.binding")
    except ImportError:
        return None
    try:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(),
            features=binding.get_host_cpu_features().flatten(),
            opt=2,
        )
        engine = binding.create_mcjit_compiler(binding.parse_assembly(program), machine)
        engine.finalize_object()
        return Compiled(tuple(map(engine.get_function_address, names)), engine)
    except (RuntimeError, OSError):
        return None
