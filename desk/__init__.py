"""What people do, as functions.

Every function takes the actor and the purpose, so that authorisation, reading logs and
coverage have one place to be enforced. Console and command line are faces of it.
"""
