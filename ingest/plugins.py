"""Finding what somebody else wrote, by ``module:attribute``."""

from __future__ import annotations

import importlib

from model.errors import ConfigurationError


def load_plugin(reference: str) -> object:
    """What ``reference`` names.

    Raises ConfigurationError that tells a module that cannot be imported from an
    attribute that it does not have.
    """
    module_name, _, attribute = reference.partition(":")
    if not module_name or not attribute:
        raise ConfigurationError(
            f"{reference!a} is no plug-in", remedy="Write it as module:attribute"
        )
    try:
        found: object = importlib.import_module(module_name)
    except ImportError as error:
        raise ConfigurationError(
            f"the module of the plug-in {reference} cannot be imported",
            cause=str(error),
            remedy="Install it into the same environment as Tocsin",
        ) from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ConfigurationError(
                f"the plug-in {reference} does not exist",
                cause=f"{getattr(found, '__name__', module_name)} has no attribute {name!a}",
            )
        found = getattr(found, name)
    return found
