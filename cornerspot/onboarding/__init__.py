"""What reaches across packages when people and teams begin: signing up, inviting, joining, demo teams.

May import every domain package. ``sign_up_team`` and ``open_team`` make a team with its plan,
pipeline and settings; ``invite_teammate`` and ``accept_invitation`` fill it; ``demo`` plays a
year through the use-cases with a moved clock.
"""
