using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Vla.Tests.Runtime.Telemetry;

/// <summary>A collector on loopback that takes OTLP over HTTP and keeps the spans.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public List<OtlpSpan> Spans { get; } = [];

    public List<string> Services { get; } = [];

    public string Address =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.MapPost(
            "/v1/traces",
            async (HttpRequest request) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                lock (receiver.Spans)
                    receiver.Read(body.ToArray());
                return Results.Bytes([], "application/x-protobuf");
            }
        );
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>
    /// ExportTraceServiceRequest, ResourceSpans, ScopeSpans, Span (opentelemetry-proto, trace.proto).
    /// </summary>
    private void Read(byte[] request)
    {
        foreach (var resourceSpans in Fields(request, 1))
        {
            foreach (var resource in Fields(resourceSpans, 1))
            foreach (var attribute in Fields(resource, 1).Where(attribute => Text(attribute, 1) == "service.name"))
                Services.Add(Text(Fields(attribute, 2).Single(), 1));
            foreach (var scopeSpans in Fields(resourceSpans, 2))
            foreach (var span in Fields(scopeSpans, 2))
            {
                Spans.Add(
                    new OtlpSpan(
                        Text(span, 5),
                        Convert.ToHexString(Fields(span, 1).Single()),
                        Convert.ToHexString(Fields(span, 4).FirstOrDefault([])),
                        Fixed(span, 7),
                        Fixed(span, 8)
                    )
                );
            }
        }
    }

    private static string Text(byte[] message, int field) =>
        System.Text.Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault([]));

    private static List<byte[]> Fields(byte[] message, int field)
    {
        var found = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
                found.Add(input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        }

        return found;
    }

    private static long Fixed(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.Fixed64))
                return (long)input.ReadFixed64();
            input.SkipLastField();
        }

        return 0;
    }
}

/// <summary>A span as it came over the wire; times are nanoseconds since 1970.</summary>
internal sealed record OtlpSpan(string Name, string TraceId, string ParentId, long StartNs, long EndNs);
