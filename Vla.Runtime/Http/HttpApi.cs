using System.Text.Json;
using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Hosting;
using Vla.Actors;
using Vla.Actors.Instructions;
using Vla.Actors.Publishing;
using Vla.Runtime.Status;

namespace Vla.Runtime.Http;

/// <summary>The HTTP API: health, status, instructions, stop and resume.</summary>
/// <remarks>Every answer is JSON; a refusal is <c>{"error": "…"}</c> with what would be right.</remarks>
public static class HttpApi
{
    /// <summary>Longest request body, bytes: an instruction of full length with every character escaped in JSON.</summary>
    public const int LargestBody = 16 * 1024;

    /// <summary>Longest time the instruction actor may take to answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>A loop that published nothing for so long is not well.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    public static void Map(WebApplication app)
    {
        var robot = app.MapGroup("").WithTags("robot").WithRefusals();
        robot.MapGet("/healthz", Health)
            .WithSummary("Whether the control loop publishes")
            .WithDescription("Where a token is in force, answers without it have no body.")
            .WithMetadata(new TokenRequired.NotNeeded())
            .Produces<StateAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);
        robot.MapGet("/status", (StatusSource status) => Results.Json(status.Read(), StatusJson.Default.StatusReport))
            .WithSummary("State and reason, rates, latencies by stage, counts, restarts")
            .Produces<StatusReport>();
        robot.MapPost("/instruction", TakeInstruction)
            .WithSummary("Tells the robot what to do from now on")
            .WithDescription("A bad instruction is refused, and the last good one stays in force.")
            .AddOpenApiOperationTransformer(OpenApiDocument.DescribeInstruction)
            .Produces<InstructionStatus>()
            .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest)
            .Produces<ErrorAnswer>(StatusCodes.Status413PayloadTooLarge)
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);
        robot.MapPost("/stop", (ControlLoop control) => Stop(control))
            .WithSummary("Stops the robot until it is resumed")
            .Produces<StateAnswer>();
        robot.MapPost("/resume", (ControlLoop control) => Resume(control))
            .WithSummary("Ends any stop; the robot holds until a fresh action comes")
            .Produces<StateAnswer>();
        robot.MapWorld();
        OpenApiDocument.Map(app);
        app.MapFallback(context => Problem(
            StatusCodes.Status404NotFound,
            "not here: GET / (the page), GET /healthz, GET /status, POST /instruction, POST /stop, POST /resume, POST /world/episode; see /openapi/v1.json").ExecuteAsync(context));
    }

    /// <summary>Says of an endpoint that it can be refused for what every request can be refused for.</summary>
    public static TBuilder WithRefusals<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(
            Refusal(StatusCodes.Status401Unauthorized), Refusal(StatusCodes.Status403Forbidden), Refusal(StatusCodes.Status429TooManyRequests));

    /// <summary>An answer that says what is wrong.</summary>
    public static IResult Problem(int statusCode, string error) =>
        Results.Json(new ErrorAnswer(error), ApiJson.Default.ErrorAnswer, statusCode: statusCode);

    /// <summary>An answer to a request whose body is too large, or ends too early.</summary>
    public static IResult Unreadable(BadHttpRequestException exception) =>
        Problem(exception.StatusCode, $"the request cannot be read: {exception.Message}");

    private static ProducesResponseTypeMetadata Refusal(int statusCode) =>
        new(statusCode, typeof(ErrorAnswer), ["application/json"]);

    /// <summary>Tells a stranger no more than that all is well, or not.</summary>
    private static IResult Health(HttpContext context, ControlLoop control, TimeProvider time)
    {
        var snapshot = control.Snapshot();
        var silentFor = snapshot.Last is { } last ? time.GetElapsedTime(last.PublishedNs) : Silence;
        if (TokenRequired.IsMissing(context))
            return Results.StatusCode(silentFor < Silence ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);

        return silentFor < Silence
            ? Results.Json(new StateAnswer(snapshot.State.Word(), snapshot.Reason), ApiJson.Default.StateAnswer)
            : Problem(StatusCodes.Status503ServiceUnavailable, "the control loop publishes nothing");
    }

    private static IResult Stop(ControlLoop control)
    {
        const string Reason = "stopped by an operator";
        control.Stop(Reason);
        return Results.Json(new StateAnswer(ControlState.Stop.Word(), Reason), ApiJson.Default.StateAnswer);
    }

    private static IResult Resume(ControlLoop control)
    {
        control.Resume();
        return Results.Json(new StateAnswer(ControlState.Hold.Word(), "resumed; waiting for a fresh action"), ApiJson.Default.StateAnswer);
    }

    private static async Task<IResult> TakeInstruction(
        HttpRequest request, IRequiredActor<InstructionActor> instructions, CancellationToken cancellation)
    {
        try
        {
            var (text, problem) = await ReadInstruction(request, cancellation);
            if (text is null) return Problem(StatusCodes.Status400BadRequest, problem);

            var answer = await instructions.ActorRef.Ask<object>(new GiveInstruction(text), Patience, cancellation);
            return answer is InstructionChanged { Instruction: var given }
                ? Results.Json(new InstructionStatus(given.Number, given.Text), StatusJson.Default.InstructionStatus)
                : Problem(StatusCodes.Status400BadRequest, ((InstructionRefused)answer).Problem);
        }
        catch (BadHttpRequestException e)
        {
            return Unreadable(e);
        }
        catch (AskTimeoutException)
        {
            return Problem(StatusCodes.Status503ServiceUnavailable, "the instruction actor does not answer; try again");
        }
    }

    private static async Task<(string? Text, string Problem)> ReadInstruction(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        var bytes = body.ToArray();
        if (request.HasJsonContentType())
        {
            try
            {
                var given = JsonSerializer.Deserialize(bytes, ApiJson.Default.InstructionRequest)?.Instruction;
                return given is null ? (null, """the JSON has no text: send {"instruction": "…"}""") : (given, "");
            }
            catch (JsonException)
            {
                return (null, """the body is not the JSON expected: send {"instruction": "…"} as UTF-8""");
            }
        }

        return InstructionText.TryRead(bytes, out var text, out var problem) ? (text, "") : (null, problem);
    }
}

/// <summary>Body of <c>POST /instruction</c> as JSON.</summary>
public sealed record InstructionRequest(string? Instruction);

/// <summary>The state after a request.</summary>
public sealed record StateAnswer(string State, string Reason);

/// <summary>What is wrong with a request.</summary>
public sealed record ErrorAnswer(string Error);

/// <summary>JSON of requests and answers, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(InstructionRequest))]
[JsonSerializable(typeof(EpisodeRequest))]
[JsonSerializable(typeof(StateAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
public sealed partial class ApiJson : JsonSerializerContext;
