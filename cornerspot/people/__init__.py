"""People, sign-ins, memberships, invitations, roles and permissions."""
