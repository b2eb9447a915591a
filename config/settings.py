"""Every setting of Tocsin, read once into a frozen object.

Values come from ``tocsin.toml`` in the configuration folder and are overridden by
variables: ``TOCSIN_STATE``, ``TOCSIN_ENRICH__PROCESSES`` and so on, two underscores for
each step down. The composition root reads them; nothing else does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from config.secrets import FILE_SUFFIX, SecretFiles
from config.section import Section
from config.servers import ElasticsearchSettings, KafkaSettings, StoreSettings, missing_for_stack

SHIPPED = Path(__file__).resolve().parent
"""The configuration folder that comes with Tocsin."""

PREFIX = "TOCSIN_"
FOLDER_VARIABLE = "TOCSIN_CONFIG"


class SettingsError(Exception):
    """A setting is wrong. One line a setting: its name, what is wrong, where it is set."""


class LogSettings(Section):
    """The log, on either profile."""

    partitions: int = Field(default=2, ge=1, le=64)
    """Partitions per topic of the embedded log: how many enrichers can share the work. Fixed
    once posts are in."""
    max_record_bytes: int = Field(default=4_194_304, ge=4_096)
    """Largest record of the log, in bytes; a larger one goes to the dead letters."""
    keep_days: float = Field(default=7.0, gt=0)
    """Age at which records that every stage has read are dropped; on Kafka, all records."""
    keep_bytes: int = Field(default=20_000_000_000, ge=1_000_000)
    """Size of a partition above which old records that every stage has read are dropped; on
    Kafka, all old records."""


class WorkerSettings(Section):
    """The worker loop that runs every stage."""

    batch_records: int = Field(default=500, ge=1)
    """Most records in a batch."""
    linger_ms: int = Field(default=30, ge=0)
    """How long a small batch waits for company, in milliseconds."""
    tick_seconds: float = Field(default=1.0, gt=0)
    """How often a stage is called when nothing comes."""
    retry_floor_seconds: float = Field(default=0.1, gt=0)
    """First wait after a passing failure; it doubles from there."""
    retry_ceiling_seconds: float = Field(default=30.0, gt=0)
    """Longest wait between two tries."""


class IngestSettings(Section):
    """The collectors."""

    max_item_bytes: int = Field(default=1_048_576, ge=1_024)
    """Largest single item of a platform, in bytes; a larger one goes to the dead letters."""
    backlog_records: int = Field(default=20_000, ge=500)
    """How far a replay may run ahead of the slowest stage."""
    credentials: dict[str, SecretStr] = Field(default={})
    """Secret of each platform, by the name that a source gives it. Set it as a variable, never in
    a file that others read: ``TOCSIN_INGEST__CREDENTIALS={"mastodon": "..."}``."""


CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class EnrichSettings(Section):
    """The enricher."""

    processes: int = Field(default=0, ge=0)
    """Enricher processes; 0 is one per core, and never more than the log has partitions."""
    home_country: str = Field(default="GB", pattern="^[A-Z]{2}$")
    """Country in which an ambiguous place name is sought first, as ISO 3166 letters."""
    home_point: tuple[Latitude, Longitude] | None = None
    """Middle of the cell's area as latitude and longitude; of two places of one name the
    nearer one is likelier to be meant."""
    source_countries: dict[str, CountryCode] = Field(default={})
    """Countries of sources that speak of another than ``home_country`` first, by the
    source's name."""
    home_population: int = Field(default=500, ge=500)
    """Smallest place of the home country that is known."""
    world_population: int = Field(default=15_000, ge=500)
    """Smallest place of other countries that is known."""
    components: tuple[str, ...] = ()
    """Further spaCy components, each as ``module:factory``."""


class IndexSettings(Section):
    """The search index."""

    commit_records: int = Field(default=5_000, ge=1)
    """Posts after which the index commits."""
    commit_seconds: float = Field(default=0.5, gt=0)
    """Seconds after which the index commits what has gathered."""


class AlertSettings(Section):
    """Matching and delivery."""

    historic_hours: float = Field(default=8.0, gt=0)
    """A post older than this when it was collected raises its incident without paging."""
    channels: dict[str, SecretStr] = Field(default={})
    """Apprise address of each channel, by name. Secret: set it as a variable, never in a file
    that others read: ``TOCSIN_ALERTS__CHANNELS={"duty": "ntfy://..."}``, or as a file of its
    own that ``TOCSIN_ALERTS__CHANNELS_FILE`` names."""


class MetricsSettings(Section):
    """What a process shows to Prometheus."""

    port: int = Field(default=0, ge=0, le=65_535)
    """Port of /metrics and /health; a process takes the first free one of 32 from here on.
    0 is off."""
    address: str = "127.0.0.1"
    """Address on which they are served."""


class TraceSettings(Section):
    """Spans for OpenTelemetry."""

    endpoint: str = Field(default="", pattern="^(https?://.+)?$")
    """Where spans are sent by OTLP over HTTP, as ``http://127.0.0.1:4318/v1/traces``;
    empty is off."""
    share: float = Field(default=0.01, ge=0, le=1)
    """Share of the posts that are traced, the same ones in every stage."""


class LogsSettings(Section):
    """The log of a process, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is said."""
    format: Literal["text", "json"] = "text"
    """``text`` is for people, ``json`` for machines: one object a line."""


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    profile: Literal["embedded", "stack"] = "embedded"
    """Which back ends are used: ``embedded`` needs no server, ``stack`` is Kafka, Elasticsearch
    and PostgreSQL."""
    state: Path = Path("var")
    """Folder of everything that Tocsin keeps itself."""
    config: Path = SHIPPED
    """Folder of tocsin.toml, sources, rules and lexicons."""
    actor: str = ""
    """Name under which this person's acts are recorded; empty is the login name."""
    purpose: str = "duty"
    """What this person's acts are for, where they state nothing else."""
    log: LogSettings = LogSettings()
    worker: WorkerSettings = WorkerSettings()
    ingest: IngestSettings = IngestSettings()
    enrich: EnrichSettings = EnrichSettings()
    index: IndexSettings = IndexSettings()
    alerts: AlertSettings = AlertSettings()
    store: StoreSettings = StoreSettings()
    kafka: KafkaSettings = KafkaSettings()
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()
    metrics: MetricsSettings = MetricsSettings()
    traces: TraceSettings = TraceSettings()
    logs: LogsSettings = LogsSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic's
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over files of secrets, and those over the settings file."""
        files = SecretFiles(settings_cls, dict(secret_names()), variable)
        return (
            files.leave_out(env_settings),
            files,
            TomlConfigSettingsSource(settings_cls, toml_file=settings_file()),
        )


def configuration_folder() -> Path:
    """The folder named by ``TOCSIN_CONFIG``, or the one that comes with Tocsin."""
    return Path(os.environ.get(FOLDER_VARIABLE) or SHIPPED).resolve()


def settings_file() -> Path:
    """Where the settings file is looked for; it need not exist."""
    return configuration_folder() / "tocsin.toml"


def read_settings() -> Settings:
    """Read file and variables; the paths in the result are absolute.

    Raises SettingsError naming every wrong or unknown setting.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error))) from error
    except ValueError as error:
        raise SettingsError(f"variables and {settings_file()}: {error}") from error
    if unknown := sorted(_unknown_variables()):
        raise SettingsError("\n".join(f"{name}: no such setting" for name in unknown))
    if settings.profile == "stack" and (missing := list(missing_for_stack(settings))):
        raise SettingsError(
            "\n".join(
                f"{name}: the profile stack needs it (set {variable(name)}={example}, "
                f"or write it into {settings_file()})"
                for name, example in missing
            )
        )
    absolute = {"state": settings.state.resolve(), "config": configuration_folder()}
    return settings.model_copy(update=absolute)


def setting_names(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting's dotted name with its documentation."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from setting_names(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.description or ""


def secret_names() -> Iterator[tuple[str, bool]]:
    """The dotted names of all secrets, and whether each holds several under names."""
    for section, outer in Settings.model_fields.items():
        kind = outer.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            for name, field in kind.model_fields.items():
                if field.annotation == SecretStr | None:
                    yield f"{section}.{name}", False
                elif field.annotation == dict[str, SecretStr]:
                    yield f"{section}.{name}", True


def secret_values(value: object) -> Iterator[str]:
    """Every secret that the settings hold, in order to keep them out of the log."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secret_values(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from secret_values(part)


def variable(name: str) -> str:
    """The variable that sets a dotted name: ``log.keep_days`` -> ``TOCSIN_LOG__KEEP_DAYS``."""
    return PREFIX + name.replace(".", "__").upper()


_BY_NAME = tuple(f"{variable(name)}__" for name in ("alerts.channels", "ingest.credentials"))
"""Settings with names of the user's own below them."""


def _unknown_variables() -> Iterator[str]:
    """A misspelt variable would otherwise be ignored without a word."""
    sections = {name.split(".")[0] for name, _ in setting_names()}
    known = {variable(name) for name, _ in setting_names()} | {variable(s) for s in sections}
    known |= {variable(name) + FILE_SUFFIX for name, _ in secret_names()}
    for name in os.environ:
        nested = name.startswith(_BY_NAME)
        if name.startswith(PREFIX) and name not in known and not nested:
            yield name


def _explain(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        name = ".".join(str(step) for step in fault["loc"])
        message = fault["msg"][:1].lower() + fault["msg"][1:]
        yield f"{name}: {message} (set by {variable(name)} or in {settings_file()})"
