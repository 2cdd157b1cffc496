using System.Text.Json.Serialization;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Evaluation;

/// <summary>How often something succeeded.</summary>
internal record SuccessFigures
{
    public required int Episodes { get; init; }

    public required int Successes { get; init; }

    public required double SuccessRate { get; init; }

    /// <summary>95 % interval of the rate: low, high.</summary>
    public required IReadOnlyList<double> Interval { get; init; }

    /// <summary>Over the successes, seconds of the world's time; null without any.</summary>
    public required double? MeanTimeToSuccessS { get; init; }

    /// <summary>Why the others failed, and how many for each reason.</summary>
    public required IReadOnlyDictionary<string, int> Reasons { get; init; }

    public static SuccessFigures Of(IReadOnlyCollection<EpisodeResult> results)
    {
        var successes = results.Where(result => result.Succeeded).ToList();
        var (low, high) = WilsonInterval.Of(successes.Count, results.Count);
        return new SuccessFigures
        {
            Episodes = results.Count,
            Successes = successes.Count,
            SuccessRate = results.Count == 0 ? 0 : (double)successes.Count / results.Count,
            Interval = [low, high],
            MeanTimeToSuccessS =
                successes.Count == 0 ? null : Math.Round(successes.Average(result => result.Seconds), 3),
            Reasons = results
                .Where(result => !result.Succeeded)
                .CountBy(result => Colourless(result.Reason))
                .OrderByDescending(reason => reason.Value)
                .ThenBy(reason => reason.Key, StringComparer.Ordinal)
                .ToDictionary(StringComparer.Ordinal),
        };
    }

    /// <summary>A reason that names a colour is about another block than the task's.</summary>
    private static string Colourless(string reason) =>
        WorldColour.OfBlocks.Aggregate(
            reason,
            (text, colour) => text.Replace($"the {colour} block", "another block", StringComparison.Ordinal)
        );
}

/// <summary>An episode that failed.</summary>
/// <param name="Episode">Its number, from 0.</param>
/// <param name="WorldSeed">The same table again: this seed at the report's level.</param>
/// <param name="Task">Kind of task.</param>
/// <param name="Instruction">What was said.</param>
/// <param name="Reason">Why it failed.</param>
/// <param name="Seconds">When it did, in the world's time.</param>
internal sealed record FailedEpisode(
    int Episode,
    long WorldSeed,
    string Task,
    string Instruction,
    string Reason,
    double Seconds
);

/// <summary>Everything that <c>vla eval</c> tells; names in JSON are snake_case.</summary>
/// <remarks>Stepped, it follows from policy, plan and version alone: it holds no times of the clock.</remarks>
internal sealed record EvaluationReport
{
    /// <summary>Directory, or <c>expert</c>.</summary>
    public required string Policy { get; init; }

    /// <summary><c>level1</c> or <c>level2</c>.</summary>
    public required string World { get; init; }

    /// <summary><c>train</c> or <c>held-out</c>.</summary>
    public required string Phrasing { get; init; }

    public required long Seed { get; init; }

    public required bool RealTime { get; init; }

    /// <summary>Episodes asked for; more than were carried out when the evaluation was stopped.</summary>
    public required int Planned { get; init; }

    public int Episodes => All.Episodes;

    public int Successes => All.Successes;

    public double SuccessRate => All.SuccessRate;

    /// <summary>95 % interval of the rate: low, high.</summary>
    public IReadOnlyList<double> Interval => All.Interval;

    public double? MeanTimeToSuccessS => All.MeanTimeToSuccessS;

    /// <summary>The same for each kind of task.</summary>
    public required IReadOnlyDictionary<string, SuccessFigures> Tasks { get; init; }

    public required IReadOnlyList<FailedEpisode> Failures { get; init; }

    [JsonIgnore]
    public bool IsComplete => Episodes == Planned;

    /// <summary>All of them together.</summary>
    [JsonIgnore]
    public SuccessFigures All { get; private init; } = SuccessFigures.Of([]);

    public static EvaluationReport Of(
        string policy,
        EvaluationPlan plan,
        bool realTime,
        IReadOnlyCollection<EpisodeResult> results
    ) =>
        new()
        {
            Policy = policy,
            World = NameOf(plan.Level),
            Phrasing = NameOf(plan.Phrasing),
            Seed = plan.Seed,
            RealTime = realTime,
            Planned = plan.Episodes,
            All = SuccessFigures.Of(results),
            Tasks = Enum.GetValues<TaskKind>()
                .ToDictionary(
                    NameOf,
                    kind => SuccessFigures.Of([.. results.Where(result => result.Episode.Assignment.Task.Kind == kind)])
                ),
            Failures =
            [
                .. results
                    .Where(result => !result.Succeeded)
                    .Select(result => new FailedEpisode(
                        result.Episode.Number,
                        result.Episode.WorldSeed,
                        NameOf(result.Episode.Assignment.Task.Kind),
                        result.Episode.Assignment.Instruction,
                        result.Reason,
                        Math.Round(result.Seconds, 3)
                    )),
            ],
        };

    public static string NameOf(TaskKind kind) => kind.ToString().ToLowerInvariant();

    public static string NameOf(WorldLevel level) => level.ToString().ToLowerInvariant();

    public static string NameOf(Phrasing phrasing) =>
        phrasing == Vla.Sensors.Simulation.Tasks.Phrasing.Train ? "train" : "held-out";
}

/// <summary>JSON of the report, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
