using Vla.Runtime.Http;

namespace Vla.Runtime.Serving;

/// <summary>
/// <c>GET /healthz</c> and metrics alone, for a server whose protocols are not over HTTP, or for who watches at an
/// address of its own.
/// </summary>
internal sealed class HealthEndpoint : HttpEndpoint
{
    public HealthEndpoint(ServingContext context)
        : base(context) =>
        Routes.Map(
            "/{**path}",
            http =>
                HttpApi
                    .Problem(
                        StatusCodes.Status404NotFound,
                        "here it is asked how a policy server is: GET /healthz or GET /metrics"
                    )
                    .ExecuteAsync(http)
        );
}
