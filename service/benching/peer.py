"""The peer of the bench: an otherwise empty FastAPI application, under the settings that the service runs under."""

from __future__ import annotations

from fastapi import FastAPI, Request

from service.serving import LOOPBACK, Server, configuration, listen, run

app = FastAPI()


@app.post("/v1/batches")
async def take(request: Request) -> dict[str, bool]:
    """Receive a body, look at nothing, answer."""
    await request.body()
    return {"ok": True}


def main() -> None:
    """Serve on any free port of the loopback until a signal comes."""
    with listen(LOOPBACK, 0) as listening:
        print(f"The peer listens on http://{LOOPBACK}:{listening.getsockname()[1]}", flush=True)
        run(Server(configuration(app)).serve([listening]))


if __name__ == "__main__":
    main()
