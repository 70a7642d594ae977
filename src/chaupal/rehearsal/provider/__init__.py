"""The sandbox: a message provider of our own, in a process of its own, for rehearsals.

It behaves as providers do, misbehaves when told to, and keeps its own book of who received
what, so that Chaupal's account can be audited from outside. It shares nothing with Chaupal.
"""
