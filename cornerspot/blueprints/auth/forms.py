"""What people type to sign up, to sign in and to come back."""

from __future__ import annotations

from cornerspot.blueprints.support.choices import after_nothing, country_choices, currency_choices, time_zone_choices
from cornerspot.blueprints.support.fields import ChoiceField, SecretField, TextField
from cornerspot.blueprints.support.forms import Form


class SignInForm(Form):
    """Coming back."""

    email = TextField("E-mail", longest=254, required="Enter your e-mail address.")
    password = SecretField("Password", required="Enter your password.")


class TeamForm(Form):
    """A further team for somebody who is signed in."""

    name = TextField("Company name", longest=120, required="Enter the name of your company.")
    slug = TextField("Address", longest=63, required="Choose an address for your team.")
    currency = ChoiceField(
        "Currency", choices=lambda: after_nothing(currency_choices()), refusal="Choose a currency from the list."
    )
    country = ChoiceField(
        "Country", choices=lambda: after_nothing(country_choices()), refusal="Choose a country from the list."
    )
    time_zone = ChoiceField(
        "Time zone", choices=lambda: after_nothing(time_zone_choices()), refusal="Choose a time zone from the list."
    )


class SignUpForm(TeamForm):
    """A team and the person who opens it."""

    person_name = TextField("Your name", longest=120, required="Enter your name.")
    email = TextField("E-mail", longest=254, required="Enter your e-mail address.")
    password = SecretField("Password", required="Choose a password.")


class AskForResetForm(Form):
    """For somebody who forgot the password."""

    email = TextField("E-mail", longest=254, required="Enter your e-mail address.")


class NewPasswordForm(Form):
    """For somebody who followed the link in the mail."""

    password = SecretField("New password", required="Choose a new password.")


class JoinForm(Form):
    """For somebody who has no sign-in yet."""

    name = TextField("Your name", longest=120, required="Enter your name.")
    password = SecretField("Password", required="Choose a password.")


class JoinAgainForm(Form):
    """For somebody who has a sign-in, here or in another team."""

    password = SecretField("Password", required="Enter your password.")


class EmptyForm(Form):
    """Only the token that proves the request came from our page."""
