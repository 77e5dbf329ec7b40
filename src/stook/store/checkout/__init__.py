"""Bundles as plain files in a folder of the user's, and what he has changed there since."""

from stook.store.checkout.checkout import Checkout, checkout
from stook.store.checkout.status import Status, status

__all__ = ["Checkout", "Status", "checkout", "status"]
