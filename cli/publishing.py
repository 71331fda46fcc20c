"""Publishing the installed process files, with their rule sets and rounds."""

from __future__ import annotations

from cli.context import Parts
from models.database import writing
from rules.book import RuleBook
from workflows.installed import publish_beside_desk
from workflows.process_file import load_processes

#: Who publishes what comes with the installation.
AUTHOR = "installation"


def publish_installed(parts: Parts, only: str | None = None, book: RuleBook | None = None) -> None:
    """Publish every installed process that was not published before as it is.

    Files that were published at the desk stand in the place of the installed ones.

    Arguments:
        only: this process and no other.
        book: the rule sets and rounds; those installed if left out.

    Raises:
        BadDefinition: a file has errors; nothing of it is published, and what is in force stays.
    """
    book = book or RuleBook.from_folder()
    for process, located in load_processes().values():
        if only not in (None, process.process):
            continue
        with writing(parts.database) as connection:
            publish_beside_desk(
                connection, process.process, located.text, book, mails=parts.templates,
                author=AUTHOR, now=parts.clock.now(), file=located.file,
            )  # fmt: skip
