"""``cornerspot …``: what operators and the start-up scripts type.

One module per topic. A refusal ends with its sentence and exit code 1; a mistake
in what was typed, or in the configuration, with exit code 2.
"""

from __future__ import annotations

import click

from cornerspot.cli import checking, database, demo, jobs, mail, people, plans, running, teams


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Cornerspot: run and look after an installation."""


for command in (
    database.database,
    checking.check,
    teams.team,
    plans.plan,
    people.person,
    jobs.job,
    mail.mail,
    running.worker,
    running.inbox,
    running.stripe_standin,
    demo.demo,
):
    main.add_command(command)
