"""What people type to come into the portal."""

from __future__ import annotations

from cornerspot.blueprints.support.fields import SecretField, TextField
from cornerspot.blueprints.support.forms import Form


class MemberSignInForm(Form):
    """Coming in with a password."""

    email = TextField("E-mail", longest=254, required="Enter your e-mail address.")
    password = SecretField("Password", required="Enter your password.")


class AddressForm(Form):
    """For somebody who wants a link: to sign in, or to set a new password."""

    email = TextField("E-mail", longest=254, required="Enter your e-mail address.")


class AcceptForm(Form):
    """For somebody who was invited."""

    name = TextField("Your name", longest=120, required="Enter your name.")
    password = SecretField("Password", required="Choose a password.")


class NewMemberPasswordForm(Form):
    """For somebody who followed the link in the mail."""

    password = SecretField("New password", required="Choose a new password.")


class ChangePasswordForm(Form):
    """For a member who knows the password and wants another one."""

    current = SecretField("Your password now", required="Enter the password you have now.")
    password = SecretField("New password", required="Choose a new password.")


class NothingForm(Form):
    """Only the token that proves the request came from our page."""
