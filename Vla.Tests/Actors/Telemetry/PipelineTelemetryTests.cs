using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Vla.Actors.Observers;
using Vla.Actors.Telemetry;
using Vla.Sensors;

namespace Vla.Tests.Actors.Telemetry;

public sealed partial class PipelineTelemetryTests : IDisposable
{
    private readonly TelemetryRig _rig = new();
    private readonly PipelineTelemetry _telemetry;
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, string Tag, double Value)> _measured = [];
    private readonly Dictionary<string, Instrument> _instruments = [];

    public PipelineTelemetryTests()
    {
        _telemetry = new PipelineTelemetry(_rig.Parts, _rig.Profile, 0);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != _telemetry.Meter)
                return;
            _instruments.Add(instrument.Name, instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _telemetry.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public void Counters_and_gauges_say_what_the_parts_counted()
    {
        _rig.Publish(0.5f, 0.5f);
        _rig.Publish(float.NaN, 0.5f);
        _rig.Publish(5, 0.5f);
        _rig.Parts.Monitors.ByStep["fuse"].Failed("broke");
        _rig.Parts.Monitors.ByStep["fuse"].Restarting();
        _rig.Parts.Monitors.ByStep["encode"].CountProcessed();
        _listener.RecordObservableInstruments();

        Assert.Equal(3, Value("vla.control.ticks", "policy"));
        Assert.Equal(0, Value("vla.control.ticks", "stop"));
        Assert.Equal(
            (1, 0, 0),
            (
                Value("vla.control.state", "policy"),
                Value("vla.control.state", "hold"),
                Value("vla.control.state", "stop")
            )
        );
        Assert.Equal(3, Value("vla.actions.decoded"));
        Assert.Equal(1, Value("vla.actions.refused", "not_a_number"));
        Assert.Equal(0, Value("vla.actions.refused", "stale"));
        Assert.True(Value("vla.action.clamps", "x") >= 1);
        Assert.Equal(0, Value("vla.action.clamps", "gripper"));
        Assert.Equal(0.02, Value("vla.action.age"), 6);
        Assert.Equal(1, Value("vla.stage.restarts", "fusion"));
        Assert.Equal(1, Value("vla.stage.results", "vision_encoder"));
        Assert.Equal(3, Value("vla.output.actions", "arm"));
        Assert.Equal(0, Value("vla.telemetry.lost"));
        Assert.Equal(0, Value("vla.camera.frames", "front"));
    }

    [Fact]
    public void Durations_are_recorded_and_the_instruction_once()
    {
        _rig.Publish(0, 0.5f);
        _rig.Publish(0, 0.5f);
        _rig.Control.Observers.Show(new Sighting(Sightings.Ticks, 0, null, 50 * MonotonicTime.NsPerUs));

        _telemetry.Flush();

        Assert.Equal(0.00005, Value("vla.control.tick.lateness"), 9);
        Assert.Equal([0.02, 0.02], Values("vla.action.capture_to_publish"));
        Assert.Equal([0.01, 0.01], Values("vla.action.tick_wait"));
        Assert.Equal([0.001, 0.001], Values("vla.stage.duration", "preparation"));
        Assert.Equal([0.005, 0.005], Values("vla.stage.duration", "vision_encoder"));
        Assert.Equal([0.001], Values("vla.stage.duration", "language_encoder"));
        Assert.Equal([0.05], Values("vla.instruction.to_action"));
        // What is no stage's work and no waiting for the tick: 20 - 10 - 1 - 5 - 0.1 - 0.1.
        Assert.Equal(0.0038, Values("vla.action.waiting")[0], 9);
    }

    [Fact]
    public void Nothing_is_recorded_any_more_after_its_end()
    {
        _telemetry.Dispose();

        _rig.Publish(0, 0.5f);

        Assert.Empty(_rig.Control.Observers.Snapshot());
        Assert.Empty(_measured);
    }

    [Fact]
    public void The_documentation_lists_every_metric_with_its_unit_and_no_other()
    {
        var listed = TableRow()
            .Matches(Documentation.Read("docs/operations.md"))
            .Select(row => (row.Groups["name"].Value, row.Groups["unit"].Value))
            .Order();

        Assert.Equal(
            _instruments.Values.Select(instrument => (instrument.Name, instrument.Unit ?? "")).Order(),
            listed
        );
    }

    private void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct, IConvertible
    {
        // Gauges are read by the test, counters and histograms told by whoever watches the actions.
        lock (_measured)
            _measured.Add((instrument.Name, tags.IsEmpty ? "" : tags[0].Value!.ToString()!, value.ToDouble(null)));
    }

    private double Value(string name, string tag = "") => Assert.Single(Values(name, tag));

    private List<double> Values(string name, string tag = "")
    {
        lock (_measured)
        {
            return
            [
                .. _measured
                    .Where(measured => measured.Name == name && measured.Tag == tag)
                    .Select(measured => Math.Round(measured.Value, 9)),
            ];
        }
    }

    [GeneratedRegex(@"^\| `(?<name>vla\.[a-z_.]+)` \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();
}
