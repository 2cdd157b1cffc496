using System.Collections;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Vla.Actors.Robots;
using Vla.Actors.Telemetry;
using Vla.Actors.Wiring;
using Vla.Runtime.Http;
using Vla.Runtime.Serving;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Telemetry;

/// <summary>
/// Brings metrics and traces out of the process: Prometheus at <c>/metrics</c>, OTLP where the environment says so.
/// </summary>
/// <remarks>
/// OpenTelemetry's standard variables mean what they mean everywhere
/// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Nothing is sent without an
/// endpoint among them.
/// </remarks>
internal static class TelemetrySetup
{
    /// <summary>Where Prometheus fetches metrics.</summary>
    public const string MetricsPath = "/metrics";

    /// <summary>.NET's own metrics: garbage collection, memory, processor time, thread pool.</summary>
    private const string RuntimeMeter = "System.Runtime";

    private const string Otlp = "OTEL_EXPORTER_OTLP_";
    private const string MetricsOtlp = "OTEL_EXPORTER_OTLP_METRICS_";
    private const string TracesOtlp = "OTEL_EXPORTER_OTLP_TRACES_";
    private const string Endpoint = "ENDPOINT";

    /// <summary>Registers what measures and what exports.</summary>
    /// <param name="builder">The host's.</param>
    /// <param name="settings">Checked already.</param>
    /// <param name="profile">Names the dimensions.</param>
    /// <param name="variables">OpenTelemetry's; null for those of the environment.</param>
    /// <exception cref="UsageException">An endpoint that is not an address.</exception>
    public static void Add(
        IHostApplicationBuilder builder,
        TelemetrySettings settings,
        RobotProfile profile,
        IReadOnlyDictionary<string, string?>? variables = null
    )
    {
        // The exporters read the configuration, and the host's was made empty.
        builder.Configuration.AddInMemoryCollection(variables ?? Variables());
        var configuration = builder.Configuration;
        var toCollector = Collector(configuration);
        var toPrometheus = builder is WebApplicationBuilder;
        if (!toPrometheus && toCollector is (false, false))
            return;

        builder.Services.AddSingleton(provider => new PipelineTelemetry(
            provider.GetRequiredService<PipelineParts>(),
            profile,
            toCollector.Traces ? settings.TracesPerSecond : 0
        ));
        if (toCollector is not (false, false))
        {
            builder.Services.AddSingleton<CollectorWatch>();
            builder.Services.AddHostedService<CollectorService>();
        }

        // After the collector's: services end in the reverse order, and what this one records last is sent then.
        builder.Services.AddHostedService<TelemetryService>();

        Export(builder, PipelineTelemetry.Name, toPrometheus, toCollector);
    }

    /// <summary>The same for a server of policies, which has no controller.</summary>
    /// <param name="builder">The server's.</param>
    /// <param name="exports">Whether to send where the environment says; one of a process is enough.</param>
    /// <exception cref="UsageException">An endpoint that is not an address.</exception>
    public static void AddForServing(WebApplicationBuilder builder, bool exports)
    {
        builder.Configuration.AddInMemoryCollection(Variables());
        Export(
            builder,
            ServingMetrics.Name,
            toPrometheus: true,
            exports ? Collector(builder.Configuration) : (false, false)
        );
    }

    private static (bool Metrics, bool Traces) Collector(IConfiguration configuration) =>
        IsAddress(configuration, Otlp + Endpoint)
            ? (true, true)
            : (IsAddress(configuration, MetricsOtlp + Endpoint), IsAddress(configuration, TracesOtlp + Endpoint));

    private static void Export(
        IHostApplicationBuilder builder,
        string name,
        bool toPrometheus,
        (bool Metrics, bool Traces) toCollector
    )
    {
        var configuration = builder.Configuration;
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Describe);
        if (toPrometheus || toCollector.Metrics)
        {
            telemetry.WithMetrics(metrics =>
            {
                metrics.AddMeter(name, RuntimeMeter);
                if (toPrometheus)
                    metrics.AddPrometheusExporter();
                if (toCollector.Metrics)
                    metrics.AddOtlpExporter(options => Override(options, configuration, MetricsOtlp));
            });
        }

        if (toCollector.Traces)
        {
            telemetry.WithTracing(traces =>
                traces.AddSource(name).AddOtlpExporter(options => Override(options, configuration, TracesOtlp))
            );
        }
    }

    /// <summary>Maps <see cref="MetricsPath"/>, where there are metrics.</summary>
    public static void Map(WebApplication app)
    {
        if (app.Services.GetService<MeterProvider>() is null)
            return;

        var scrape = ((IApplicationBuilder)app).New().UseOpenTelemetryPrometheusScrapingEndpoint(MetricsPath).Build();
        app.MapGet(MetricsPath, (Delegate)((HttpContext context) => scrape(context)))
            .WithSummary("Metrics for Prometheus")
            .WithTags("telemetry")
            .WithRefusals()
            .Produces<string>(StatusCodes.Status200OK, "text/plain", "application/openmetrics-text");
    }

    private static Dictionary<string, string?> Variables() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);

    private static bool IsAddress(IConfiguration configuration, string variable)
    {
        var value = configuration[variable];
        if (string.IsNullOrEmpty(value))
            return false;
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            return true;
        throw new UsageException($"{variable} is '{value}': give an address such as http://127.0.0.1:4317");
    }

    /// <summary>
    /// What is set for one signal wins over what is set for all; the exporter itself reads only the latter.
    /// </summary>
    private static void Override(OtlpExporterOptions options, IConfiguration configuration, string signal)
    {
        if (configuration[signal + Endpoint] is { Length: > 0 } endpoint)
            options.Endpoint = new Uri(endpoint);
        if (configuration[signal + "HEADERS"] is { Length: > 0 } headers)
            options.Headers = headers;
        if (configuration[signal + "PROTOCOL"] is { Length: > 0 } protocol)
            options.Protocol = protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
    }

    private static void Describe(ResourceBuilder resource) =>
        resource
            .AddService("vla", serviceVersion: PipelineTelemetry.Version)
            // Again, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
            .AddEnvironmentVariableDetector();

    /// <summary>Ends sending with the host: what is left is sent once more, but nobody is waited for long.</summary>
    private sealed class CollectorService(IServiceProvider services) : IHostedService
    {
        /// <summary>How long the last sending may take; the exporters' own bound is 5 s for each.</summary>
        private static readonly TimeSpan LastSending = TimeSpan.FromMilliseconds(500);

        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetRequiredService<CollectorWatch>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            var patience = (int)LastSending.TotalMilliseconds;
            // At the same time. What is disposed later is shut down already: only the first call counts.
            return Task.WhenAll(
                Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(patience), CancellationToken.None),
                Task.Run(() => services.GetService<MeterProvider>()?.Shutdown(patience), CancellationToken.None)
            );
        }
    }

    /// <summary>Begins and ends measuring with the host.</summary>
    private sealed class TelemetryService(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetRequiredService<PipelineTelemetry>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            services.GetRequiredService<PipelineTelemetry>().Flush();
            return Task.CompletedTask;
        }
    }
}
