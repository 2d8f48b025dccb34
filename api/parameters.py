"""The Parameters API (seed): what a model supports, and what callers really use."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import KeyAuthentication
from api.catalog_views import known_model
from api.views import answers_get
from catalog import live
from catalog.snapshot import Model, Provider
from openrouter_site.errors import BadRequest
from routing import sampling


@answers_get(KeyAuthentication)
def parameters(request: Request, author: str, slug: str) -> Response:
    """`{"data": {"model", "supported_parameters", "temperature_p10", "temperature_p50", ...}}`.

    `?provider=` (a name or slug) restricts both to one provider. Figures are null where too few
    callers sent the parameter in the last 30 days. Raises NotFound, BadRequest.
    """
    model = known_model(author, slug)
    name = request.query_params.get("provider", "")
    supported, provider_name = set(model.supported_parameters), ""
    if name:
        provider = _provider(name, model)
        provider_name = provider.name
        supported = {
            parameter
            for endpoint in model.endpoints
            if endpoint.provider.slug == provider.slug
            for parameter in endpoint.supported_parameters
        }
    figures = sampling.figures(model.id, provider_name)
    listed = [each for each in model.supported_parameters if each in supported]
    return Response({"data": {"model": model.id, "supported_parameters": listed, **figures}})


def _provider(name: str, model: Model) -> Provider:
    provider = live.catalog().provider_named(name)
    serving = {endpoint.provider.slug: endpoint.provider.name for endpoint in model.endpoints}
    if provider is None or provider.slug not in serving:
        raise BadRequest(
            f"provider: {name!r} does not serve {model.id}."
            f" Use one of: {', '.join(serving.values())}.",
            {"field": "provider"},
        )
    return provider
