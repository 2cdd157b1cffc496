using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Http;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

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

    private readonly ReaderShelf _readers;
    private readonly ConcurrentDictionary<string, RoboEvalsRun> _runs = [];
    private long _refused;

    public RoboEvalsEndpoint(ServingContext context)
        : base(context)
    {
        _readers = new ReaderShelf(context);
        Routes.MapGet("/info", () => Results.Text($"{{{Info()}}}", "application/json"));
        Routes.MapPost("/reset", (HttpContext http) => AnswerAsync(http, "reset"));
        Routes.MapPost("/act", (HttpContext http) => AnswerAsync(http, "act"));
        Routes.Map("/{**path}", ServeAsync);
    }

    /// <summary>The layout without a preset: the picture, and the state in one, where the policy takes it.</summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        WirePresets.RoboEvals[0] with
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
        _readers.Dispose();
    }

    private string Info() =>
        $"\"protocol\": \"{Protocol}\", \"name\": {JsonSerializer.Serialize($"vla {Context.Policy.Info.Name}")}";

    private async Task AnswerAsync(HttpContext context, string what)
    {
        try
        {
            var body = WireJson.Read(await BodyAsync(context));
            var from = $"{HttpAddress.Client(context.Connection.RemoteIpAddress)}";
            if (_runs.Count >= MostEvaluations && !_runs.ContainsKey(from))
                _runs.Clear();
            var run = _runs.GetOrAdd(from, _ => new RoboEvalsRun(Context));
            await run.Gate.WaitAsync(context.RequestAborted);
            byte[] answer;
            try
            {
                answer = what == "reset" ? run.Reset(body) : await ActAsync(run, body, context.RequestAborted);
            }
            finally
            {
                run.Gate.Release();
            }

            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(answer, context.RequestAborted);
        }
        catch (WireException e)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, e.Message);
        }
        catch (PolicyException e)
        {
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(context, e.StatusCode, $"the request cannot be read: {e.Message}");
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(context, StatusCodes.Status408RequestTimeout, "the request took too long to come");
        }
    }

    private Task RefuseAsync(HttpContext context, int status, string why)
    {
        Context.Log.Refused(Context.Protocol.Name, Interlocked.Increment(ref _refused), OneLine.Of(why));
        return HttpApi.Problem(status, OneLine.Of(why, 2_000)).ExecuteAsync(context);
    }

    private async Task<byte[]> ActAsync(RoboEvalsRun run, WireMap body, CancellationToken ends)
    {
        var began = Stopwatch.GetTimestamp();
        var span = Context.Metrics.Begin(Context.Protocol.Name);
        string? refusal = null;
        try
        {
            if (run.Queue.IsEmpty)
            {
                var policy =
                    await Context.Pool.TakeAsync(Context.Limits.LongestWait, ends)
                    ?? throw new PolicyException(Context.NoPlace);
                var reader = _readers.Take();
                try
                {
                    reader.Take(run.Observation(body), out var words);
                    run.Queue.Fill(await policy.InferAsync(reader, words, ends));
                }
                finally
                {
                    _readers.GiveBack(reader);
                    Context.Pool.GiveBack(policy);
                }
            }

            return run.Action();
        }
        catch (Exception e) when (e is WireException or PolicyException)
        {
            refusal = e.Message;
            throw;
        }
        finally
        {
            Context.Metrics.End(Context.Protocol.Name, Stopwatch.GetElapsedTime(began), refusal, span);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await HttpApi
                .Problem(
                    StatusCodes.Status404NotFound,
                    $"this serves a policy by {Protocol}: GET /info, POST /reset, POST /act, or a WebSocket"
                )
                .ExecuteAsync(context);
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Ends, context.RequestAborted);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client = Context.Log.Name(Context.Protocol.Name, context.Connection.RemoteIpAddress);
        Context.Log.Came(client);
        var messages = new SocketMessages(socket, Context.Limits);
        using var run = new RoboEvalsRun(Context);
        var answered = 0L;
        try
        {
            while (await messages.ReceiveAsync(ends.Token) is { } message)
            {
                await messages.SendAsync(
                    await AnswerAsync(run, message, ends.Token),
                    WebSocketMessageType.Text,
                    ends.Token
                );
                answered++;
            }

            Context.Log.Left(client, messages.Ending, $"{answered} messages answered");
        }
        catch (Exception e)
            when (e is WebSocketException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            Context.Log.Left(
                client,
                Ends.IsCancellationRequested ? "the server ends" : "gone",
                $"{answered} messages answered"
            );
            if (Ends.IsCancellationRequested)
                socket.Abort();
        }
    }

    private async Task<byte[]> AnswerAsync(RoboEvalsRun run, ReadOnlyMemory<byte> message, CancellationToken ends)
    {
        try
        {
            var map = WireJson.Read(message);
            return map.FindText("type") switch
            {
                "reset" => run.Reset(map, type: "ok"),
                "act" => Typed("action", await ActAsync(run, map, ends)),
                "info" => Typed("info", System.Text.Encoding.UTF8.GetBytes($"{{{Info()}}}")),
                var other => throw new WireException($"the message's type is '{OneLine.Of(other ?? "", 100)}'"),
            };
        }
        catch (Exception e) when (e is WireException or PolicyException)
        {
            Context.Log.Refused(Context.Protocol.Name, Interlocked.Increment(ref _refused), OneLine.Of(e.Message));
            var why = JsonSerializer.Serialize(OneLine.Of(e.Message, 2_000));
            return System.Text.Encoding.UTF8.GetBytes($"{{\"type\": \"error\", \"message\": {why}}}");
        }
    }

    // An object with its type in front.
    private static byte[] Typed(string type, byte[] json) =>
        [.. System.Text.Encoding.UTF8.GetBytes($"{{\"type\": \"{type}\", "), .. json.AsSpan(1)];
}
