using System.Text.Json;
using System.Text.Json.Serialization;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Runtime.Recording;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Status;

/// <summary>Everything that <c>GET /status</c> tells; names in JSON are snake_case.</summary>
internal sealed record StatusReport
{
    /// <summary><c>policy</c>, <c>hold</c> or <c>stop</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why; empty while the policy drives.</summary>
    public required string Reason { get; init; }

    public required double UptimeS { get; init; }

    public required string Policy { get; init; }

    /// <summary>
    /// How it is known that the policy is untrained, so that its actions mean nothing; null where nothing says so.
    /// </summary>
    public required string? Untrained { get; init; }

    public required RobotStatus Robot { get; init; }

    /// <summary>Where Torch computes: <c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>What the vision encoder computes in: <c>float32</c>, <c>bfloat16</c> or <c>float16</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>Why that is not what the policy asks for; empty when it is.</summary>
    public required string PrecisionNote { get; init; }

    /// <summary>The instruction in force; null before the first.</summary>
    public required InstructionStatus? Instruction { get; init; }

    /// <summary>The first camera; see <see cref="Cameras"/>.</summary>
    public required CameraStatus Camera { get; init; }

    /// <summary>Every camera, by the name of its pictures.</summary>
    public required IReadOnlyDictionary<string, NamedCameraStatus> Cameras { get; init; }

    /// <summary>The simulated world; null without one.</summary>
    public required WorldStatus? World { get; init; }

    /// <summary>The dataset that the run is recorded to; null when it is not.</summary>
    public required RecordingReport? Recording { get; init; }

    public required RateStatus Rates { get; init; }

    public required IReadOnlyList<StageStatus> Stages { get; init; }

    /// <summary>The newest action; null before the first tick.</summary>
    public required ActionStatus? Action { get; init; }

    /// <summary>
    /// Milliseconds over the last minute, by part: prepare, encode, fuse, decode, those four together (stages),
    /// waiting, tick_wait, and the whole, capture_to_publish = stages + waiting + tick_wait; instruction_to_action;
    /// encode_instruction; tick_lateness.
    /// </summary>
    public required IReadOnlyDictionary<string, LatencyStatus> LatencyMs { get; init; }

    public required CountStatus Counts { get; init; }

    public required IReadOnlyList<OutputStatus> Outputs { get; init; }

    /// <summary>Who watches (page, telemetry, recording, your own), and what each was shown and has missed.</summary>
    public required IReadOnlyList<ObserverSnapshot> Observers { get; init; }

    /// <summary>While the state is stop: a line for each robot that has not taken it; otherwise empty.</summary>
    public required IReadOnlyList<string> NotStopped { get; init; }

    /// <summary>What scheduling the control thread has.</summary>
    public required string ControlThread { get; init; }
}

/// <param name="Name">The profile's name.</param>
/// <param name="Limits">False when the profile switches limits off.</param>
/// <param name="State">What the robot tells of itself; null when it tells nothing.</param>
internal sealed record RobotStatus(string Name, bool Limits, RobotStateStatus? State);

/// <param name="Values">By name, in the robot's units; null before the first.</param>
/// <param name="AgeMs">How long ago they were read.</param>
/// <param name="Problem">Why they are not known; null when they are.</param>
internal sealed record RobotStateStatus(IReadOnlyDictionary<string, float>? Values, double? AgeMs, string? Problem);

/// <param name="Number">Counts instructions from 1.</param>
/// <param name="Text">In plain words.</param>
/// <param name="UnknownWords">Words that the policy's vocabulary lacks: to the policy they are all the same.</param>
internal sealed record InstructionStatus(long Number, string Text, IReadOnlyList<string> UnknownWords)
{
    public static InstructionStatus Of(Instruction given) => new(given.Number, given.Text, given.UnknownWords);
}

/// <summary>The answer to an instruction that was taken.</summary>
/// <param name="Number">Counts instructions from 1.</param>
/// <param name="Text">In plain words.</param>
/// <param name="UnknownWords">Words that the policy's vocabulary lacks: to the policy they are all the same.</param>
/// <param name="Note">What else there is to know of it; empty for nothing.</param>
internal sealed record InstructionAnswer(long Number, string Text, IReadOnlyList<string> UnknownWords, string Note);

/// <summary>
/// A camera; its state is <c>opening</c>, <c>streaming</c>, <c>silent</c> (open, but no picture comes), <c>frozen</c>
/// (the same picture comes again and again), <c>behind</c> (its pictures are too old to be used with the others'),
/// <c>lost</c> or <c>ended</c>.
/// </summary>
internal sealed record CameraStatus(string State, string? Name, int Width, int Height, string? LastError);

/// <summary>A camera with what is counted of it.</summary>
/// <param name="State">As for <see cref="CameraStatus"/>.</param>
/// <param name="Name">The device, file or address.</param>
/// <param name="Width">Of its pictures, pixels.</param>
/// <param name="Height">Of its pictures, pixels.</param>
/// <param name="LastError">Why it was lost last time; null if never.</param>
/// <param name="Hz">Frames captured a second.</param>
/// <param name="Frames">Pictures that came, those left out among them.</param>
/// <param name="Dropped">Frames replaced by newer ones before a stage wanted them.</param>
/// <param name="Damaged">Pictures left out because they were damaged.</param>
/// <param name="WrongSize">Pictures left out because they were of another size than the camera's.</param>
/// <param name="Reopened">How often it was opened again.</param>
internal sealed record NamedCameraStatus(
    string State,
    string? Name,
    int Width,
    int Height,
    string? LastError,
    double Hz,
    long Frames,
    long Dropped,
    long Damaged,
    long WrongSize,
    long Reopened
);

/// <summary>
/// The simulated tabletop: what is on it, and how the task stands that the instruction in force means.
/// </summary>
/// <param name="Level">1 or 2.</param>
/// <param name="Seed">The table's: the same number lays the same table.</param>
/// <param name="Episode">Counts tables from 1.</param>
/// <param name="Blocks">As an instruction would call them: <c>red</c>, <c>left green</c>.</param>
/// <param name="Trays">Their colours.</param>
/// <param name="Task">In its plainest words; null when the instruction means none on this table.</param>
/// <param name="Judgement"><c>none</c>, <c>under_way</c>, <c>succeeded</c>, <c>failed</c> or <c>timed_out</c>.</param>
/// <param name="Reason">Why it failed; empty unless it did.</param>
/// <param name="Missing">Which thing the instruction names that is not on the table; empty when none is
/// missing.</param>
/// <param name="Seconds">How long the attempt has taken so far, or took, in the world's time.</param>
/// <param name="Successes">Attempts that succeeded.</param>
/// <param name="Attempts">Attempts that have ended; one given up for another instruction does not count.</param>
internal sealed record WorldStatus(
    int Level,
    long Seed,
    long Episode,
    IReadOnlyList<string> Blocks,
    IReadOnlyList<string> Trays,
    string? Task,
    string Judgement,
    string Reason,
    string Missing,
    double Seconds,
    long Successes,
    long Attempts
)
{
    public static WorldStatus Of(WorldReport world) =>
        new(
            world.Level,
            world.Seed,
            world.Episode,
            world.Blocks,
            world.Trays,
            world.Task,
            StatusJson.Name(world.Judgement),
            world.Reason,
            world.Missing,
            world.Seconds,
            world.Successes,
            world.Attempts
        );
}

/// <param name="CameraHz">Frames that the first camera captured a second.</param>
/// <param name="PolicyHz">Actions decoded a second.</param>
/// <param name="ControlHz">Actions published a second.</param>
/// <param name="TargetHz">The rate that was set.</param>
internal sealed record RateStatus(double CameraHz, double PolicyHz, double ControlHz, double TargetHz);

/// <summary>
/// A stage; its state is <c>starting</c>, <c>running</c>, <c>backing_off</c> or <c>hanging</c>, its rate that of its
/// results. Where it hangs, and for how long, is in hang (<c>for 2.1 s at forward</c>); null when it does not.
/// </summary>
internal sealed record StageStatus(
    string Name,
    string State,
    double Hz,
    long Processed,
    long Restarts,
    string? LastError,
    string? Hang
);

/// <summary>An action.</summary>
/// <param name="Sequence">Counts published actions from 1.</param>
/// <param name="FrameSequence">The picture behind it.</param>
/// <param name="AgeMs">How old that was when the action was published; null without one, as the following.</param>
/// <param name="ArrivalAgeMs">How old it was when the action, or the chunk it belongs to, arrived.</param>
/// <param name="AgeLimitMs">How old it may grow while the action is followed.</param>
/// <param name="Values">By dimension.</param>
internal sealed record ActionStatus(
    long Sequence,
    long FrameSequence,
    double? AgeMs,
    double? ArrivalAgeMs,
    double? AgeLimitMs,
    IReadOnlyDictionary<string, float> Values
);

/// <summary>A duration's percentiles in milliseconds; count is how many there were in the last minute.</summary>
public sealed record LatencyStatus(long Count, double P50, double P99, double P999, double Max);

internal sealed record CountStatus
{
    /// <summary>Pictures that came from all cameras, those left out among them.</summary>
    public required long Frames { get; init; }

    /// <summary>Frames replaced by newer ones before a stage wanted them.</summary>
    public required long FramesDropped { get; init; }

    /// <summary>Pictures left out because they were damaged.</summary>
    public required long FramesDamaged { get; init; }

    /// <summary>Pictures left out because they were of another size than the camera's.</summary>
    public required long FramesOfWrongSize { get; init; }

    public required long CameraReopened { get; init; }

    /// <summary>Actions decoded.</summary>
    public required long Actions { get; init; }

    /// <summary>Actions replaced by newer ones before a tick came.</summary>
    public required long ActionsReplaced { get; init; }

    /// <summary>What was published of the chunks that came.</summary>
    public required ChunkStatus Chunks { get; init; }

    /// <summary>Refused actions by reason.</summary>
    public required IReadOnlyDictionary<string, long> Refused { get; init; }

    /// <summary>Published actions by state.</summary>
    public required IReadOnlyDictionary<string, long> Published { get; init; }

    /// <summary>Clamped values by dimension.</summary>
    public required IReadOnlyDictionary<string, long> Clamps { get; init; }

    public required long SkippedTicks { get; init; }

    /// <summary>Failures inside the control loop; each published a stop.</summary>
    public required long ControlFaults { get; init; }

    /// <summary>Restarts of all stages.</summary>
    public required long Restarts { get; init; }
}

/// <summary>Action chunks, counted as they are published; a single action is a chunk of one.</summary>
/// <param name="Begun">Chunks of which at least one action was published.</param>
/// <param name="Actions">Their actions that were published.</param>
/// <param name="CarriedOut">Chunks that came to their last action.</param>
/// <param name="CutShort">Chunks that ended before their last action.</param>
/// <param name="ActionsOfLast">Actions of the newest ended chunk that were published.</param>
internal sealed record ChunkStatus(long Begun, long Actions, long CarriedOut, long CutShort, long ActionsOfLast);

/// <summary>
/// An output; dropped are actions it never saw: replaced by newer ones, or passed over after a failure. The note says
/// what is unusual though it works; otherwise it is empty.
/// </summary>
internal sealed record OutputStatus(
    string Name,
    long Applied,
    long Failures,
    long Dropped,
    bool Failing,
    string LastError,
    string Note
);

/// <summary>JSON of the report, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(InstructionStatus))]
[JsonSerializable(typeof(InstructionAnswer))]
[JsonSerializable(typeof(WorldStatus))]
[JsonSerializable(typeof(SessionProgress))]
internal sealed partial class StatusJson : JsonSerializerContext
{
    /// <summary>A name as JSON spells it: <c>WrongLength</c> → <c>wrong_length</c>.</summary>
    public static string Name<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
