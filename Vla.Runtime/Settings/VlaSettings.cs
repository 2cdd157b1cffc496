using System.ComponentModel.DataAnnotations;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Policies;
using Vla.Actors.Scheduling;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Settings;

/// <summary>
/// Everything that can be set, with its bounds; <c>config/vla.json</c> explains each key to its user.
/// </summary>
/// <remarks>
/// Values come from <c>config/vla.json</c>, then environment variables (<c>VLA_CONTROL__RATEHZ</c> for
/// <c>control:rateHz</c>), then flags; the last one given wins.
/// </remarks>
internal sealed class VlaSettings
{
    /// <summary>
    /// Policy directory, <c>expert</c>, <c>dll:FILE#ARGUMENT</c>, a policy server
    /// (<see cref="Vla.Actors.Policies.Remote.WireAddress"/>) or <see cref="AutoChoice.Auto"/>; a relative path counts
    /// from the configuration's folder.
    /// </summary>
    [Required]
    public string Policy { get; set; } = AutoChoice.Auto;

    /// <summary>
    /// Time from one action of the policy's chunks to the next, ms, for a policy that does not say so itself; 0: as it
    /// or the robot says.
    /// </summary>
    [Range(0.0, 60_000.0)]
    public double PolicyStepMs { get; set; }

    /// <summary>
    /// What a policy's chance begins with, for one that leaves something to chance: the same number, the same chance; 0
    /// for its own.
    /// </summary>
    [Range(0.0, LargestPolicySeed)]
    public long PolicySeed { get; set; }

    /// <summary>The largest <see cref="PolicySeed"/>.</summary>
    public const long LargestPolicySeed = 999_999_999_999;

    /// <summary>Whether each chunk is made to go on from the one before it, for a policy that can.</summary>
    [RegularExpression("auto|on|off", ErrorMessage = "auto, on or off")]
    public string RealTimeChunking { get; set; } = "auto";

    /// <summary>
    /// The data set by whose statistics actions become the robot's, for a policy with several; empty for its only one.
    /// </summary>
    public string UnnormKey { get; set; } = "";

    /// <summary>The same as a policy takes it.</summary>
    public static PolicyChoices Choices(long seed, string chunking, string unnormKey) =>
        new()
        {
            Seed = seed > 0 ? seed : null,
            RealTimeChunking = chunking == "auto" ? null : chunking == "on",
            UnnormKey = unnormKey.Length > 0 ? unnormKey : null,
        };

    /// <summary>
    /// Assemblies with types of stages and families of policies of the user's own; relative paths count from the
    /// configuration's folder.
    /// </summary>
    public string[] Libraries { get; set; } = [];

    /// <summary>
    /// Robot profile, or <see cref="AutoChoice.Auto"/>; a relative one counts from the configuration's folder.
    /// </summary>
    [Required]
    public string Robot { get; set; } = AutoChoice.Auto;

    /// <summary>
    /// Cameras as <see cref="NamedCamera"/> reads them; none means <see cref="NamedCamera.Default"/>.
    /// </summary>
    public string[] Camera { get; set; } = [];

    /// <summary>The first instruction; empty for none.</summary>
    public string Instruction { get; set; } = "";

    /// <summary>
    /// Who leads the robot, as <see cref="Vla.Runtime.Teleoperation.TeleoperatorRegistry"/> reads it; empty for nobody.
    /// With a policy that is named too, corrections to what that does.
    /// </summary>
    public string Teleop { get; set; } = "";

    /// <summary>Where Torch computes.</summary>
    [RegularExpression("auto|cpu|cuda(:[0-9]+)?", ErrorMessage = "auto, cpu, cuda or cuda:N")]
    public string Device { get; set; } = "auto";

    /// <summary>
    /// Where actions go: <c>console</c>, <c>world</c>, <c>jsonl:FILE</c>, <c>udp://HOST:PORT</c>,
    /// <c>dll:FILE#ADDRESS</c>.
    /// </summary>
    public string[] Outputs { get; set; } = [];

    /// <summary>
    /// Whether a policy that is known to be untrained may move a robot
    /// (<see cref="Vla.Runtime.Outputs.MovingOutputs"/>).
    /// </summary>
    public bool AllowUntrained { get; set; }

    /// <summary>Address of the HTTP API, or <c>off</c>; one that other machines can reach needs a token.</summary>
    [Required]
    public string Http { get; set; } = "http://127.0.0.1:5080";

    /// <summary>
    /// File with the HTTP API's token; empty for none. A relative one counts from the configuration's folder.
    /// </summary>
    public string HttpTokenFile { get; set; } = "";

    /// <summary>Seconds until the run ends by itself; 0 for never.</summary>
    [Range(0.0, 31_536_000.0)]
    public double DurationSeconds { get; set; }

    public WorldSettings World { get; set; } = new();

    public RecordSettings Record { get; set; } = new();

    public ControlSettings Control { get; set; } = new();

    public ThreadSettings Threads { get; set; } = new();

    public StageSettings Stages { get; set; } = new();

    public TelemetrySettings Telemetry { get; set; } = new();

    public LogSettings Log { get; set; } = new();
}

/// <summary>The control loop.</summary>
internal sealed class ControlSettings
{
    /// <summary>Actions a second, Hz.</summary>
    [Range(1.0, 1000.0)]
    public double RateHz { get; set; } = 50;

    /// <summary>An action older than this is not published, ms since its picture was taken.</summary>
    [Range(1, 60_000)]
    public int MaximumActionAgeMs { get; set; } = 200;

    /// <summary>
    /// How long a chunk is followed, ms since its picture was taken; 0: see <see cref="ChunkAgeLimit"/>.
    /// </summary>
    [Range(0, 60_000)]
    public int MaximumChunkAgeMs { get; set; }

    /// <summary>By how much a picture may be older than the newest of its set, ms, with several cameras.</summary>
    [Range(0, 60_000)]
    public int MaximumSkewMs { get; set; } = 50;

    /// <summary>How long to hold without a fresh action before stopping, ms.</summary>
    [Range(0, 60_000)]
    public int HoldMs { get; set; } = 500;

    /// <summary>After a stop for want of actions: go on with a fresh action, or wait for an operator.</summary>
    public ResumeAfterStop ResumeAfterStop { get; set; } = ResumeAfterStop.Auto;

    /// <summary>
    /// How long what the policy wants may be at all limits, or absurdly far beyond one, ms; 0 for ever.
    /// </summary>
    [Range(0, 60_000)]
    public int AtLimitsMs { get; set; } = 500;

    /// <summary>
    /// After how long without a message a robot is to stop by itself, ms; 0: what follows from the rate.
    /// </summary>
    [Range(0, 60_000)]
    public int DeadmanMs { get; set; }

    /// <summary>Take the real-time class SCHED_FIFO for the control thread where there is the right to it.</summary>
    public bool RealTime { get; set; } = true;
}

/// <summary>The simulated tabletop.</summary>
internal sealed class WorldSettings
{
    /// <summary>
    /// Beyond every table that demonstrations are recorded on, so that what is seen was never trained on.
    /// </summary>
    public const long DefaultSeed = 2_000_000_000;

    public const long LargestSeed = 999_999_999_999;

    /// <summary>How hard.</summary>
    public WorldLevel Level { get; set; } = WorldLevel.Level1;

    /// <summary>Of the first table.</summary>
    [Range(0.0, LargestSeed)]
    public long Seed { get; set; } = DefaultSeed;

    /// <summary>
    /// Whether what is done in the simulated world may move a robot too
    /// (<see cref="Vla.Runtime.Outputs.MovingOutputs"/>).
    /// </summary>
    public bool DrivesRobot { get; set; }

    /// <summary>How long a task may take, seconds.</summary>
    [Range(0.5, 3_600.0)]
    public double AttemptSeconds { get; set; } = 9;

    /// <summary>When another table is laid without being asked for.</summary>
    public AutoReset AutoReset { get; set; } = AutoReset.Never;

    /// <summary>Where instructions come from.</summary>
    public WorldInstructions Instructions { get; set; } = WorldInstructions.Typed;
}

/// <summary>A dataset of the run.</summary>
internal sealed class RecordSettings
{
    /// <summary>
    /// Its directory; empty: the run is not recorded. A relative one counts from the configuration's folder.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>Frames a second; 0: as the policy's actions, see <c>config/vla.json</c>.</summary>
    [Range(0.0, 1000.0)]
    public double RateHz { get; set; }

    /// <summary>
    /// Episodes in all that are recorded one after the other, as whoever leads asks; 0: the run is recorded as it goes.
    /// </summary>
    [Range(0, 1_000_000)]
    public int Episodes { get; set; }

    /// <summary>An episode of these ends by itself after this time, seconds.</summary>
    [Range(0.5, 86_400.0)]
    public double EpisodeSeconds { get; set; } = 60;

    /// <summary>The next of these begins by itself so long after the one before has ended, seconds.</summary>
    [Range(0.0, 86_400.0)]
    public double ResetSeconds { get; set; } = 60;

    /// <summary>What is heard of these.</summary>
    public RecordSounds Sounds { get; set; }
}

/// <summary>How whoever looks at the robot, and not at a screen, hears how a recording of episodes goes.</summary>
internal enum RecordSounds
{
    Off,

    /// <summary>The terminal's bell.</summary>
    Bell,

    /// <summary>A program that speaks.</summary>
    Voice,
}

/// <summary>When the simulated table is laid anew without being asked for.</summary>
internal enum AutoReset
{
    Never,

    /// <summary>After a task that was done.</summary>
    Success,

    /// <summary>After a task that was done, failed, or took too long.</summary>
    Always,
}

/// <summary>Where the simulated world's instructions come from.</summary>
internal enum WorldInstructions
{
    /// <summary>From whoever types or posts them.</summary>
    Typed,

    /// <summary>Each table comes with one.</summary>
    Assigned,
}

/// <summary>Threads that work on one input of a stage, by stage; together within the machine's cores.</summary>
internal sealed class ThreadSettings
{
    /// <summary>0 means all cores.</summary>
    [Range(0, 256)]
    public int Vision { get; set; }

    [Range(1, 256)]
    public int Language { get; set; } = 1;

    [Range(1, 256)]
    public int Fusion { get; set; } = 1;

    [Range(1, 256)]
    public int Decoder { get; set; } = 1;

    /// <summary>The same with this machine's cores in place of 0.</summary>
    public StageThreads ForThisMachine() =>
        new(Vision == 0 ? Environment.ProcessorCount : Vision, Language, Fusion, Decoder);
}

/// <summary>How long the policy's stages may take; see <see cref="Vla.Actors.Stages.HangWatch"/>.</summary>
internal sealed class StageSettings
{
    /// <summary>
    /// A result that takes longer ends the run, seconds; an action's greatest age, where that is more.
    /// </summary>
    [Range(1.0, 3_600.0)]
    public double HangSeconds { get; set; } = 10;

    /// <summary>Loading that takes longer ends the run, seconds.</summary>
    [Range(1.0, 36_000.0)]
    public double LoadSeconds { get; set; } = 120;

    /// <summary>How much is done about what runs where.</summary>
    public SchedulingMode Scheduling { get; set; } = SchedulingMode.Tuned;
}

/// <summary>Metrics and traces for other programs.</summary>
internal sealed class TelemetrySettings
{
    /// <summary>Whether there are any.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>At most so many actions a second are traced, where traces go anywhere.</summary>
    [Range(0.0, 1000.0)]
    public double TracesPerSecond { get; set; } = 1;
}

/// <summary>The log on standard error.</summary>
internal sealed class LogSettings
{
    /// <summary>The least important lines that are written.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    /// <summary>How they are written.</summary>
    public LogFormat Format { get; set; } = LogFormat.Text;
}

/// <summary>How the lines of the log are written.</summary>
internal enum LogFormat
{
    /// <summary>For a person to read.</summary>
    Text,

    /// <summary>A JSON object on each line.</summary>
    Json,
}
