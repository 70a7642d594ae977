"""The worker: sends what is queued, applies what arrived, and keeps the regular duties."""
