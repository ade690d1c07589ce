"""The shop's server, which stands with the shop, under the name that the lab's programs know it by."""

from service.web.shop_server import SHOP, ShopHandler, listening, shop

__all__ = ["SHOP", "ShopHandler", "listening", "shop"]
