using System.Text.Json;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving.RoboEvals;

/// <summary>
/// The protocol robo-evals/1: <c>GET /info</c>, <c>POST /reset</c> and <c>POST /act</c>, or the same over a WebSocket.
/// </summary>
/// <remarks>
/// One action for each observation, out of the chunk that is being carried out; a reset begins a new one. Over HTTP an
/// evaluation is known by where it comes from: one at a time of one machine.
/// </remarks>
internal sealed class RoboEvalsEndpoint : HttpEndpoint
{
    private const string Protocol = "robo-evals/1";
    private const int MostEvaluations = 64;

    private readonly SingleObservations _observations;
    private readonly RecentClients<RoboEvalsRun> _runs;

    public RoboEvalsEndpoint(ServingContext context)
        : base(context)
    {
        _observations = new SingleObservations(context);
        _runs = new RecentClients<RoboEvalsRun>(
            MostEvaluations,
            client => new RoboEvalsRun(Context, client, _observations)
        );
        Routes.MapGet("/info", () => Results.Text(Info(), "application/json"));
        Routes.MapPost(
            "/reset",
            (HttpContext http) => AnswerAsync(http, (body, memory) => AnswerAsync(http, "reset", body, memory))
        );
        Routes.MapPost(
            "/act",
            (HttpContext http) => AnswerAsync(http, (body, memory) => AnswerAsync(http, "act", body, memory))
        );
        Routes.Map("/{**path}", ServeAsync);
    }

    /// <summary>The layout without a preset: the picture, and the state in one, where the policy takes it.</summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        RoboEvalsPresets.All[0] with
        {
            Pictures =
            [
                .. (policy.Pictures ?? ["image"]).Select(
                    (name, i) => new WirePicture(name, i == 0 ? "image" : name, 0, 0)
                ),
            ],
            State = policy.State.Dimensions > 0 ? [new WireState("state", policy.State.Dimensions)] : [],
        };

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _observations.Dispose();
    }

    private string Info() =>
        $"{{\"protocol\": \"{Protocol}\", \"name\": {JsonSerializer.Serialize($"vla {Context.Policy.Info.Name}")}}}";

    private async Task AnswerAsync(HttpContext context, string what, ReadOnlyMemory<byte> body, WireMemory memory)
    {
        var map = WireJson.Read(body, memory);
        var run = _runs.Of(Client(context));
        await run.Gate.WaitAsync(context.RequestAborted);
        byte[] answer;
        try
        {
            answer = what == "reset" ? run.Reset(map) : await run.ActAsync(map, context.RequestAborted);
        }
        finally
        {
            run.Gate.Release();
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    private Task ServeAsync(HttpContext http) =>
        http.WebSockets.IsWebSocketRequest
            ? ServeAsync(http, (socket, client) => new RoboEvalsSession(socket, Context, client, _observations, Info()))
            : HttpApi
                .Problem(
                    StatusCodes.Status404NotFound,
                    $"this serves a policy by {Protocol}: GET /info, POST /reset, POST /act, or a WebSocket"
                )
                .ExecuteAsync(http);
}
