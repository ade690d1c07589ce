"""Acting: what a visitor is offered while there is time, and what that did."""
