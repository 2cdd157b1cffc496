using System.Text.Json.Serialization;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Runtime.Hosting;
using Vla.Runtime.Status;

namespace Vla.Runtime.Http;

/// <summary>The HTTP API: health, status, instructions, stop and resume.</summary>
/// <remarks>Every answer is JSON; a refusal is <c>{"error": "…"}</c> with what would be right.</remarks>
internal static class HttpApi
{
    /// <summary>
    /// Longest request body, bytes: an instruction of full length with every character escaped in JSON.
    /// </summary>
    public const int LargestBody = 16 * 1024;

    /// <summary>Why a robot stops that was stopped here.</summary>
    private const string ByAnOperator = "stopped by an operator";

    /// <summary>A loop that published nothing for so long is not well.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    public static void Map(WebApplication app)
    {
        var robot = app.MapGroup("").WithTags("robot").WithRefusals();
        robot
            .MapGet("/healthz", Health)
            .WithSummary("Whether the control loop publishes and every output takes what it is given")
            .WithDescription("Where a token is in force, answers without it have no body.")
            .WithMetadata(new TokenRequired.NotNeeded())
            .Produces<StateAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);
        robot
            .MapGet("/status", (StatusSource status) => Results.Json(status.Read(), StatusJson.Default.StatusReport))
            .WithSummary("State and reason, rates, latencies by stage, counts, restarts")
            .Produces<StatusReport>();
        robot
            .MapPost("/instruction", TakeInstruction)
            .WithSummary("Tells the robot what to do from now on")
            .WithDescription(
                "Words that mean stop (stop, halt, freeze, emergency stop…, alone) stop the robot, as /stop does. An "
                    + "instruction that the policy cannot read, or that names a thing which is not there, is "
                    + "refused, and the last good one stays in force."
            )
            .AddOpenApiOperationTransformer(OpenApiDocument.DescribeInstruction)
            .Produces<InstructionAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest)
            .Produces<ErrorAnswer>(StatusCodes.Status413PayloadTooLarge)
            .Produces<ErrorAnswer>(StatusCodes.Status415UnsupportedMediaType)
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);
        robot
            .MapPost("/stop", StopAsync)
            .WithSummary("Stops the robot until it is resumed")
            .WithDescription(
                "Answers when the stop is published and every robot has taken it. 503: it is in force, but not known "
                    + "to have reached the robot; the answer says why."
            )
            .Produces<StateAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);
        robot
            .MapPost("/resume", ResumeAsync)
            .WithSummary("Ends any stop; the robot holds until a fresh action comes")
            .Produces<StateAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);
        robot.MapWorld();
        robot.MapEpisodes();
        OpenApiDocument.Map(app);
    }

    /// <summary>Says of an endpoint that it can be refused for what every request can be refused for.</summary>
    public static TBuilder WithRefusals<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(
            Refusal(StatusCodes.Status401Unauthorized),
            Refusal(StatusCodes.Status403Forbidden),
            Refusal(StatusCodes.Status429TooManyRequests)
        );

    /// <summary>An answer that says what is wrong.</summary>
    public static IResult Problem(int statusCode, string error, IReadOnlyList<string>? unknownWords = null) =>
        Results.Json(new ErrorAnswer(error, unknownWords), ApiJson.Default.ErrorAnswer, statusCode: statusCode);

    /// <summary>An answer to a request whose body is too large, or ends too early.</summary>
    public static IResult Unreadable(BadHttpRequestException exception) =>
        Problem(exception.StatusCode, $"the request cannot be read: {exception.Message}");

    private static ProducesResponseTypeMetadata Refusal(int statusCode) =>
        new(statusCode, typeof(ErrorAnswer), ["application/json"]);

    /// <summary>Tells a stranger no more than that all is well, or not.</summary>
    private static IResult Health(HttpContext context, ControlLoop control, TimeProvider time)
    {
        var snapshot = control.Snapshot();
        var problem = WhyUnwell(snapshot, snapshot.Last is { } last ? time.GetElapsedTime(last.PublishedNs) : Silence);
        if (TokenRequired.IsMissing(context))
            return Results.StatusCode(
                problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
            );

        return problem is null
            ? Results.Json(new StateAnswer(snapshot.State.Word(), snapshot.Reason), ApiJson.Default.StateAnswer)
            : Problem(StatusCodes.Status503ServiceUnavailable, problem);
    }

    /// <summary>Why the control loop is not well; null when it is.</summary>
    internal static string? WhyUnwell(ControlSnapshot control, TimeSpan silentFor)
    {
        if (silentFor >= Silence)
            return "the control loop publishes nothing";
        var failing = control
            .Outputs.Where(output => output.Failing)
            .Select(output => $"output {output.Name} fails: {output.LastError}")
            .ToList();
        return failing.Count == 0 ? null : string.Join("; ", failing);
    }

    private static async Task<IResult> StopAsync(OperatorInput input, CancellationToken cancellation) =>
        StateOf(await input.StopAsync(ByAnOperator, cancellation));

    private static async Task<IResult> ResumeAsync(OperatorInput input, CancellationToken cancellation) =>
        StateOf(await input.ResumeAsync(cancellation));

    /// <summary>The answer to a stop or a resume.</summary>
    private static IResult StateOf(OperatorAnswer answer) =>
        answer switch
        {
            { Kind: OperatorAnswerKind.Stopped, Published: { } stop } => State(stop, stop.Reason),
            { Kind: OperatorAnswerKind.Resumed, Published: { } action } => State(
                action,
                action.State == ControlState.Hold ? answer.Text : ""
            ),
            _ => Problem(StatusCodes.Status503ServiceUnavailable, answer.Text),
        };

    private static IResult State(PublishedAction action, string reason) =>
        Results.Json(new StateAnswer(action.State.Word(), reason), ApiJson.Default.StateAnswer);

    private static async Task<IResult> TakeInstruction(
        HttpRequest request,
        OperatorInput input,
        CancellationToken cancellation
    )
    {
        try
        {
            var (text, statusCode, problem) = await InstructionBody.ReadAsync(request, cancellation);
            if (text is null)
                return Problem(statusCode, problem);

            var answer = await input.TakeAsync(text, atPrompt: false, cancellation);
            return answer.Kind switch
            {
                OperatorAnswerKind.Given => Results.Json(
                    new InstructionAnswer(
                        answer.Given!.Number,
                        answer.Given.Text,
                        answer.Given.UnknownWords,
                        answer.Note
                    ),
                    StatusJson.Default.InstructionAnswer
                ),
                OperatorAnswerKind.Stopped
                or OperatorAnswerKind.NotStopped
                or OperatorAnswerKind.Resumed
                or OperatorAnswerKind.Failed => StateOf(answer),
                _ => Problem(
                    StatusCodes.Status400BadRequest,
                    answer.Text,
                    answer.UnknownWords.Count > 0 ? answer.UnknownWords : null
                ),
            };
        }
        catch (BadHttpRequestException e)
        {
            return Unreadable(e);
        }
    }
}

/// <summary>Body of <c>POST /instruction</c> as JSON.</summary>
internal sealed record InstructionRequest(string? Instruction);

/// <summary>The state after a request.</summary>
internal sealed record StateAnswer(string State, string Reason);

/// <summary>What is wrong with a request.</summary>
/// <param name="Error">In words, with what would be right.</param>
/// <param name="UnknownWords">Of an instruction: words that the policy's vocabulary lacks; left out where there are
/// none.</param>
internal sealed record ErrorAnswer(
    string Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? UnknownWords = null
);

/// <summary>JSON of requests and answers, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(InstructionRequest))]
[JsonSerializable(typeof(EpisodeRequest))]
[JsonSerializable(typeof(StateAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext;
