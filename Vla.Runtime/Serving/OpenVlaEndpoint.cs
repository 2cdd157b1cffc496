using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Http;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

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

    private readonly ReaderShelf _readers;
    private long _refused;

    public OpenVlaEndpoint(ServingContext context)
        : base(context)
    {
        _readers = new ReaderShelf(context);
        Routes.MapPost(Act, ActAsync);
        Routes.MapGet("/vla", Describe);
        Routes.Map("/{**path}", NotHere);
    }

    /// <summary>
    /// The layout without a preset: the state, which OpenVLA itself has not, where the policy takes it.
    /// </summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        WirePresets.OpenVla[0] with
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
        _readers.Dispose();
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

    private async Task ActAsync(HttpContext context)
    {
        var began = Stopwatch.GetTimestamp();
        string? refusal = null;
        var status = StatusCodes.Status400BadRequest;
        var span = (Activity?)null;
        try
        {
            var body = await BodyAsync(context);
            began = Stopwatch.GetTimestamp();
            span = Context.Metrics.Begin(Context.Protocol.Name);
            var map = WireJson.ReadWrapped(body, Encoded, out var isTwice);
            var policy = await Context.Pool.TakeAsync(Context.Limits.LongestWait, context.RequestAborted);
            if (policy is null)
            {
                status = StatusCodes.Status503ServiceUnavailable;
                throw new WireException(Context.NoPlace);
            }

            Inferred inferred;
            try
            {
                inferred = await AskAsync(policy, map, context.RequestAborted);
            }
            finally
            {
                Context.Pool.GiveBack(policy);
            }

            await WriteAsync(context, inferred, isChunk: map.Find("full_image") is not null, isTwice);
        }
        catch (WireException e)
        {
            refusal = e.Message;
        }
        catch (PolicyException e)
        {
            (refusal, status) = (e.Message, StatusCodes.Status500InternalServerError);
        }
        catch (BadHttpRequestException e)
        {
            (refusal, status) = ($"the request cannot be read: {e.Message}", e.StatusCode);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            (refusal, status) = ("the request took too long to come", StatusCodes.Status408RequestTimeout);
        }

        Context.Metrics.End(Context.Protocol.Name, Stopwatch.GetElapsedTime(began), refusal, span);
        if (refusal is null)
            return;
        Context.Log.Refused(Context.Protocol.Name, Interlocked.Increment(ref _refused), OneLine.Of(refusal));
        await HttpApi.Problem(status, OneLine.Of(refusal, 2_000)).ExecuteAsync(context);
    }

    private async Task<Inferred> AskAsync(ServedPolicy policy, WireMap map, CancellationToken cancellation)
    {
        var reader = _readers.Take();
        try
        {
            reader.Take(map, out var words);
            return await policy.InferAsync(reader, words, cancellation);
        }
        finally
        {
            _readers.GiveBack(reader);
        }
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
        writer.WriteStartObject();
        writer.WriteBase64String("__numpy__"u8, MemoryMarshal.AsBytes<double>(doubles));
        writer.WriteString("dtype"u8, "<f8"u8);
        writer.WriteStartArray("shape"u8);
        writer.WriteNumberValue(action.Length);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
