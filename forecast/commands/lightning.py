"""``forecast fit``, ``validate`` and ``test``: LightningCLI with models and data by class name."""

import argparse
import inspect
import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI

from datamodules.base import WindowDataModule
from datamodules.errors import InputError, did_you_mean
from forecast.checkpoint import read
from forecast.commands.terminal import say
from forecast.curves import quiet
from forecast.forecaster import find
from forecast.models.base import ForecastModule
from forecast.training import Training

_TRAINER: Final[dict[str, Any]] = {  # what differs from pytorch_lightning.Trainer's own defaults
    "max_steps": 1000,
    "max_epochs": 1000,
    "num_sanity_val_steps": 0,
    "logger": {"class_path": "pytorch_lightning.loggers.CSVLogger", "init_args": {"save_dir": "runs", "name": "fit"}},
}


class ForecastCLI(LightningCLI):
    """LightningCLI for a ForecastModule and a WindowDataModule, with one link between them: the sizes of the data."""

    def __init__(self, arguments: Sequence[str]) -> None:
        find("forecast.models", ForecastModule)  # type: ignore[type-abstract]  # imported, they go by their class names
        find("datamodules", WindowDataModule)  # type: ignore[type-abstract]
        self.kept = ModelCheckpoint(monitor="val_loss", filename="best")
        super().__init__(
            ForecastModule,
            WindowDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            trainer_defaults={**_TRAINER, "callbacks": [self.kept]},
            save_config_callback=None,
            seed_everything_default=0,
            load_from_checkpoint_support=False,
            auto_configure_optimizers=False,
            parser_kwargs={"prog": "forecast", "exit_on_error": False}
            | {name: {"exit_on_error": False} for name in self.subcommands()},
            args=list(arguments),
        )

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """The commands, and which arguments of the Trainer's methods are no options."""
        return {name: skipped | {"weights_only"} for name, skipped in LightningCLI.subcommands().items()}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link the sizes of the data to the model."""
        parser.link_arguments("data.dims", "model.init_args.dims", apply_on="instantiate")

    def _parse_ckpt_path(self) -> None:
        """The options of the model are those given, not those in the checkpoint, which is looked at before any work."""
        path = self.config[self.config.subcommand].get("ckpt_path")
        if path and path not in ("best", "last"):
            read(path)

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        return {**super()._prepare_subcommand_kwargs(subcommand), "weights_only": True}

    def after_fit(self) -> None:
        """Say where the checkpoint is; without any validation, keep the weights as they are at the end."""
        path = self.kept.best_model_path
        if not path:
            path = f"{self.trainer.log_dir or self.trainer.default_root_dir}/checkpoints/last.ckpt"
            self.trainer.save_checkpoint(path)
        if self.trainer.is_global_zero:
            say(f"checkpoint: {path}")


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Hand the command to Lightning; what it does not understand becomes one sentence."""
    try:
        with quiet():
            ForecastCLI([command, *arguments])
    except (argparse.ArgumentError, ValueError, TypeError) as error:
        mistake = _mistake(error)
        if mistake:
            raise mistake from error
        if not isinstance(error, argparse.ArgumentError):
            raise
        raise InputError(f"{_sentence(command, str(error))}; see 'forecast {command} --help'.") from error
    return 0


def _mistake(error: BaseException | None) -> InputError | None:
    """The InputError that jsonargparse has wrapped, if there is one."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or error.__context__
    return error


def _sentence(command: str, message: str) -> str:
    """What jsonargparse says in several lines, as one sentence with the nearest name."""
    key = re.search(r'Parser key "(\w+)', message)
    if found := re.search(r"Expected a dot import path string: (\S+)", message):
        base = WindowDataModule if key and key[1] == "data" else ForecastModule
        classes = find(base.__module__.rpartition(".")[0], base)
        return f"{key[1] if key else 'class'} {found[1]!r} is not known; {did_you_mean(found[1], classes).rstrip('?')}"
    if found := re.search(r"class_path '(.+)':\s+Option '(.+)' is not accepted", message):
        known = _options(found[1])
        return f"option {found[2]!r} of {found[1]} is not known; {did_you_mean(found[2], known).rstrip('?')}"
    if found := re.search(r"unrecognized arguments: (\S+)", message):
        option = found[1].partition("=")[0]
        known = [f"--trainer.{name}" for name in inspect.signature(Trainer).parameters]
        return f"option {option!r} is not known; {did_you_mean(option, [*known, *_OWN]).rstrip('?')}"
    inner = message.partition("Errors:")[2].split("\n    - ")[1:2]
    return " ".join((inner[0] if inner else message).replace(f"{command}.", "--").split()).rstrip(". ")


_OWN: Final = ("--config", "--model", "--data", "--ckpt_path", "--seed_everything", "--help")


def _options(class_path: str) -> list[str]:
    """The options of a class and of the classes that it inherits from."""
    module, _, name = class_path.rpartition(".")
    lines = getattr(import_module(module), name).__mro__
    own = [name for kind in lines if kind.__module__.startswith(module.partition(".")[0]) for name in _arguments(kind)]
    return [*own, *(Training.__annotations__ if ForecastModule in lines else ())]


def _arguments(kind: type) -> list[str]:
    return [name for name in inspect.signature(vars(kind).get("__init__", object)).parameters if name != "self"]
