"""The settings group ``mail``."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from domain.errors import UsageError
from domain.mail_address import normalised_address


class MailSettings(BaseModel):
    """How mail is sent, and from which address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transport: Literal["folder", "smtp"] = Field(
        default="folder", description="`folder` writes each mail as an .eml file into data_dir/mail; `smtp` sends it."
    )
    host: str = Field(default="localhost", description="The mail server to send through.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port: usually 587 with starttls, 465 with tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is encrypted. `none` is refused for any host but this machine.",
    )
    insecure_host_is_meant: bool = Field(
        default=False, description="Allow `none` for another host: mails and password are then sent in clear text."
    )
    user: str = Field(default="", description="The name to log in with; empty if the server needs no login.")
    password: SecretStr = Field(default=SecretStr(""), description="The password to log in with.")
    sender: str = Field(default="papertide@localhost", description="The address that mail comes from.")
    sender_name: str = Field(default="Papertide", max_length=60, description="The name shown with it.")
    reply_to: str = Field(default="", description="Where replies go; the sender by default.")
    bounce_to: str = Field(default="", description="Where mail servers send bounces; the sender by default.")
    bounce_subaddress: bool = Field(
        default=False,
        description="Send each mail from `NAME+KEY@` instead of `NAME@` of bounce_to, so that a bounce without a copy "
        "of the mail still says which one it is about. The mail server must deliver `NAME+anything@` to `NAME@`.",
    )
    list_id: str = Field(
        default="", description="The list's name in List-Id; `digest.` and the sender's domain by default."
    )
    operator: str = Field(default="", description="Who is mailed when a job keeps failing; nobody by default.")
    rate_per_s: float = Field(default=10.0, gt=0, le=1000, description="Most mails to send a second.")
    requests_per_hour: int = Field(
        default=300,
        ge=0,
        le=100_000,
        description="Most requests of the subscription form an hour from all networks together; 0 is no limit.",
    )
    timeout_s: float = Field(default=60.0, gt=0, le=900, description="Longest wait for a reply of the mail server.")
    end_timeout_s: float = Field(
        default=600.0, gt=0, le=900, description="Longest wait for its reply to a whole mail; RFC 5321 asks for 600."
    )
    max_tries: int = Field(
        default=22, ge=1, le=60, description="Tries of one mail before it is given up; the default takes four days."
    )
    bounce_folder: Path | None = Field(
        default=None, description="A Maildir, or a folder of .eml files, into which bounces are delivered."
    )

    @field_validator("sender", "reply_to", "bounce_to", "operator")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value:
            return value
        try:
            return normalised_address(value)
        except UsageError as error:
            raise ValueError(str(error)) from error

    @field_validator("sender_name", "host", "user")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("it must be one line of printable characters")
        return value

    @field_validator("list_id")
    @classmethod
    def _is_a_list_id(cls, value: str) -> str:
        if value and not all(part and part.replace("-", "").isalnum() and part.isascii() for part in value.split(".")):
            raise ValueError("write it as letters, digits and hyphens between dots, such as digest.example.org")
        return value

    @model_validator(mode="after")
    def _never_in_clear_text(self) -> MailSettings:
        in_clear_text = self.transport == "smtp" and self.security == "none"
        if in_clear_text and not self.insecure_host_is_meant and not is_this_machine(self.host):
            raise ValueError(
                f"security 'none' would send mails and password to {self.host} in clear text; use starttls or tls"
            )
        return self

    @property
    def domain(self) -> str:
        """The sender's domain; Message-IDs end with it."""
        return self.sender.rpartition("@")[2]

    @property
    def list_name(self) -> str:
        """What List-Id says."""
        return self.list_id or f"digest.{self.domain}"


def is_this_machine(host: str) -> bool:
    """Whether a host name means this machine; nothing is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
