using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Vla.Actors.Observers;
using Vla.Actors.Telemetry;
using Vla.Runtime;
using Vla.Runtime.Http;
using Vla.Runtime.Settings;
using Vla.Runtime.Telemetry;
using Vla.Sensors;
using Vla.Tests.Actors.Telemetry;

namespace Vla.Tests.Runtime.Telemetry;

/// <summary>What other programs get: Prometheus by asking, a collector by being told.</summary>
public sealed partial class TelemetrySetupTests : IDisposable
{
    private readonly TelemetryRig _rig = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public async Task Prometheus_finds_the_metrics_with_their_units()
    {
        await using var app = await StartAsync([]);

        var metrics = await ScrapeAsync(app);

        Assert.Contains("\nvla_control_ticks_total{", metrics, StringComparison.Ordinal);
        Assert.Matches(@"vla_control_state\{.*vla_state=""policy"".*\} 1", metrics);
        Assert.Matches(@"vla_action_capture_to_publish_seconds_bucket\{.*le=""0.015"".*\} 0", metrics);
        Assert.Matches(@"vla_action_capture_to_publish_seconds_bucket\{.*le=""0.03"".*\} 1", metrics);
        Assert.Matches(@"vla_stage_restarts_total\{.*vla_stage=""vision_encoder"".*\} 0", metrics);
        Assert.Contains("dotnet_process_memory_working_set_bytes", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dashboard_asks_for_metrics_that_there_are()
    {
        await using var app = await StartAsync([]);
        var exported = Metric().Matches(await ScrapeAsync(app)).Select(name => name.Value).ToHashSet();

        using var dashboard = JsonDocument.Parse(
            await File.ReadAllTextAsync(Repository.File("config/grafana-dashboard.json"))
        );
        var expressions = dashboard
            .RootElement.GetProperty("panels")
            .EnumerateArray()
            .SelectMany(panel =>
                panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray().ToArray() : []
            )
            .Select(target => target.GetProperty("expr").GetString()!)
            .ToList();

        Assert.True(expressions.Count > 10);
        Assert.All(
            expressions,
            expression =>
                Assert.All(
                    Metric().Matches(Labels().Replace(expression, "")),
                    name => Assert.Contains(name.Value, exported)
                )
        );
        Assert.All(expressions, expression => Assert.Matches(Metric(), expression));
    }

    [Fact]
    public async Task A_collector_gets_one_trace_of_an_action_with_its_stages_and_their_times()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var app = await StartAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{collector.Address}/v1/traces",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_SERVICE_NAME"] = "left arm",
            }
        );

        app.Services.GetRequiredService<TracerProvider>().ForceFlush();

        Assert.Equal(["left arm"], collector.Services.Distinct());
        Assert.Single(collector.Spans.Select(span => span.TraceId).Distinct());
        var root = Assert.Single(collector.Spans, span => span.ParentId.Length == 0);
        Assert.Equal(("action", 20 * MonotonicTime.NsPerMs), (root.Name, root.EndNs - root.StartNs));
        // Publishing took no time on the test's clock, which a span makes 100 ns, its smallest step.
        foreach (
            var (name, ns) in new[]
            {
                ("prepare", 1_000_000),
                ("encode", 5_000_000),
                ("fuse", 100_000),
                ("decode", 100_000),
                ("publish", 100),
            }
        )
            Assert.Equal(
                ns,
                Assert.Single(collector.Spans, span => span.Name == name) is var stage
                    ? stage.EndNs - stage.StartNs
                    : -1
            );
        Assert.Equal(3_000_000, collector.Spans.Single(span => span.Name == "encode").StartNs - root.StartNs);
        Assert.Contains(
            collector.Spans,
            span => span.Name == "wait" && span.EndNs - span.StartNs == 10 * MonotonicTime.NsPerMs
        );
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task A_collector_that_never_answers_does_not_hold_up_the_end(string protocol)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var app = await StartAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{silent.LocalEndpoint}",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            }
        );

        var begun = Stopwatch.GetTimestamp();
        await app.StopAsync();
        await app.DisposeAsync();

        // Half a second, said generously; the exporters alone would take 5 s each.
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 4);
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task A_collector_that_is_not_there_is_said(string protocol)
    {
        using var log = new LineCollector();
        var port = FreePort.Find();
        await using var app = await StartAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            },
            log
        );

        app.Services.GetRequiredService<TracerProvider>().ForceFlush();
        app.Services.GetRequiredService<MeterProvider>().ForceFlush();
        await app.StopAsync();

        var said = Assert.Single(log.Lines, line => line.Contains("collector", StringComparison.Ordinal));
        Assert.Contains(
            $"http://127.0.0.1:{port} does not take metrics or traces (Connection refused",
            said,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_is_sent_or_traced()
    {
        await using var app = await StartAsync([]);

        Assert.Null(app.Services.GetService<TracerProvider>());
    }

    [Theory]
    [InlineData("collector")]
    [InlineData("localhost:4317")]
    [InlineData("ftp://localhost")]
    public void An_endpoint_that_is_no_address_is_named(string endpoint)
    {
        var builder = WebServer.Builder(new Uri("http://127.0.0.1:0"), null);

        var message = Assert
            .Throws<UsageException>(() =>
                TelemetrySetup.Add(
                    builder,
                    new TelemetrySettings(),
                    _rig.Profile,
                    new Dictionary<string, string?> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint }
                )
            )
            .Message;

        Assert.Contains($"OTEL_EXPORTER_OTLP_ENDPOINT is '{endpoint}'", message, StringComparison.Ordinal);
    }

    /// <summary>Starts a server with telemetry, publishes an action 20 ms old, and has it recorded.</summary>
    private async Task<WebApplication> StartAsync(Dictionary<string, string?> variables, ILoggerProvider? log = null)
    {
        var builder = WebServer.Builder(new Uri("http://127.0.0.1:0"), null);
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.Services.AddSingleton<TimeProvider>(_rig.Time);
        builder.Services.AddSingleton(_rig.Parts);
        TelemetrySetup.Add(builder, new TelemetrySettings(), _rig.Profile, variables);
        var app = builder.Build();
        TelemetrySetup.Map(app);
        await app.StartAsync();

        _rig.Publish(0, 0.5f);
        _rig.Control.Observers.Show(new Sighting(Sightings.Ticks, 0, null, 1000));
        app.Services.GetRequiredService<PipelineTelemetry>().Flush();
        return app;
    }

    private async Task<string> ScrapeAsync(WebApplication app)
    {
        var address = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Single();
        return await _http.GetStringAsync(new Uri(new Uri(address), TelemetrySetup.MetricsPath));
    }

    private sealed class LineCollector : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => _lines.Enqueue(formatter(state, exception));

        public void Dispose() { }
    }

    [GeneratedRegex(@"\b(vla|dotnet)_[a-z_0-9]+(?=[\{\[ )]|$)", RegexOptions.Multiline)]
    private static partial Regex Metric();

    /// <summary>Selectors and groupings, whose words are labels.</summary>
    [GeneratedRegex(@"\{[^}]*\}|by \([^)]*\)")]
    private static partial Regex Labels();
}
