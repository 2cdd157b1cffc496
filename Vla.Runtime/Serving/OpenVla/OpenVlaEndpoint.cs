using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Policies.Remote.OpenVla;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving.OpenVla;

/// <summary>
/// OpenVLA's protocol: <c>POST /act</c>, one action for <c>image</c>, and OpenVLA-OFT's chunk for <c>full_image</c>.
/// </summary>
/// <remarks>
/// Each request has all that is needed, so that any number of clients share the places. What is wrong is answered with
/// a status that says so and its reason, and not with OpenVLA's 200 and <c>"error"</c>.
/// </remarks>
internal sealed class OpenVlaEndpoint : HttpEndpoint
{
    private const string Act = "/act";
    private const string Encoded = "encoded";

    private readonly SingleObservations _observations;

    public OpenVlaEndpoint(ServingContext context)
        : base(context)
    {
        _observations = new SingleObservations(context);
        Routes.MapPost(
            Act,
            (HttpContext http) =>
                AnswerAsync(http, (body, memory) => context.MeasureAsync(() => ActAsync(http, body, memory)))
        );
        Routes.MapGet("/vla", Describe);
        Routes.Map("/{**path}", NotHere);
    }

    /// <summary>
    /// The layout without a preset: the state, which OpenVLA itself has not, where the policy takes it.
    /// </summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        OpenVlaPresets.All[0] with
        {
            Pictures =
            [
                .. (policy.Pictures ?? [""]).Select((name, i) => new WirePicture(name, i == 0 ? "image" : name, 0, 0)),
            ],
            State = policy.State.Dimensions > 0 ? [new WireState("state", policy.State.Dimensions)] : [],
        };

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _observations.Dispose();
    }

    private static Task NotHere(HttpContext context) =>
        HttpApi
            .Problem(
                StatusCodes.Status404NotFound,
                "this serves a policy by OpenVLA's protocol: POST /act, GET /vla, or GET /healthz"
            )
            .ExecuteAsync(context);

    private IResult Describe()
    {
        var memory = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(memory);
        ServerDescription.Of(Context.Policy).Write(ref writer);
        writer.Flush();
        return Results.Text(MessagePackSerializer.ConvertToJson(memory.WrittenMemory), "application/json");
    }

    private async Task ActAsync(HttpContext context, ReadOnlyMemory<byte> body, WireMemory memory)
    {
        var map = WireJson.ReadWrapped(body, Encoded, out var isTwice, memory);
        var inferred = await _observations.InferAsync(Client(context), map, context.RequestAborted);
        await WriteAsync(context, inferred, isChunk: map.Find("full_image") is not null, isTwice);
    }

    private async Task WriteAsync(HttpContext context, Inferred inferred, bool isChunk, bool isTwice)
    {
        var memory = new ArrayBufferWriter<byte>();
        var dimensions = Context.Policy.Action.Dimensions;
        var values = inferred.Values(dimensions);
        using (var writer = new Utf8JsonWriter(memory))
        {
            if (isChunk)
                writer.WriteStartArray();
            for (var row = 0; row < (isChunk ? inferred.Chunk.Horizon : 1); row++)
                Write(writer, values.AsSpan(row * dimensions, dimensions));
            if (isChunk)
                writer.WriteEndArray();
        }

        context.Response.ContentType = "application/json";
        if (!isTwice)
        {
            context.Response.ContentLength = memory.WrittenCount;
            await context.Response.Body.WriteAsync(memory.WrittenMemory, context.RequestAborted);
            return;
        }

        await JsonSerializer.SerializeAsync(
            context.Response.Body,
            Encoding.UTF8.GetString(memory.WrittenSpan),
            cancellationToken: context.RequestAborted
        );
    }

    /// <summary>float64, as OpenVLA's own actions are.</summary>
    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<float> action)
    {
        var doubles = new double[action.Length];
        for (var i = 0; i < doubles.Length; i++)
            doubles[i] = action[i];
        WireJsonWriter.WriteArray(writer, MemoryMarshal.AsBytes<double>(doubles), "<f8", action.Length);
    }
}
