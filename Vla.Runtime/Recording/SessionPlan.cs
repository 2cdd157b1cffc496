using System.Text.Json.Serialization;

namespace Vla.Runtime.Recording;

/// <summary>How episodes are recorded one after the other.</summary>
/// <param name="Episodes">In all, those that the dataset has already included.</param>
/// <param name="EpisodeSeconds">An episode ends by itself after this time.</param>
/// <param name="ResetSeconds">The next one begins by itself so long after the one before has ended.</param>
internal sealed record SessionPlan(int Episodes, double EpisodeSeconds, double ResetSeconds)
{
    /// <summary>Whether a policy acts, and episodes are judged: those that fail are kept too.</summary>
    public bool IsEvaluation { get; init; }
}

/// <summary>What a recording of episodes is at.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SessionPhase>))]
internal enum SessionPhase
{
    /// <summary>Everything is brought to where the next episode begins.</summary>
    [JsonStringEnumMemberName("reset")]
    Reset,

    /// <summary>An episode is recorded.</summary>
    [JsonStringEnumMemberName("recording")]
    Recording,

    /// <summary>The episode that has ended is being saved.</summary>
    [JsonStringEnumMemberName("saving")]
    Saving,

    /// <summary>There is no more to come.</summary>
    [JsonStringEnumMemberName("over")]
    Over,
}

/// <summary>How a recording of episodes stands.</summary>
/// <param name="Phase">What it is at.</param>
/// <param name="Episode">Which episode that is about, counted from 1.</param>
/// <param name="Episodes">How many there are to be.</param>
/// <param name="Kept">Episodes in the dataset.</param>
/// <param name="Discarded">Episodes of this run that were not kept.</param>
/// <param name="Succeeded">Of those kept in this run, how many succeeded; null where nobody judges.</param>
/// <param name="Seconds">How long the phase has lasted.</param>
/// <param name="OfSeconds">How long it lasts at most; 0 where that is not known.</param>
/// <param name="Waits">Why the next episode does not begin though it is to, in words; null where it does not
/// wait.</param>
internal sealed record SessionProgress(
    SessionPhase Phase,
    int Episode,
    int Episodes,
    int Kept,
    int Discarded,
    int? Succeeded,
    double Seconds,
    double OfSeconds,
    string? Waits
)
{
    /// <summary>In a line, with what can be done.</summary>
    public string Words
    {
        get
        {
            var time = FormattableString.Invariant($"{Seconds:0} of {OfSeconds:0} s");
            var wins = Succeeded is { } succeeded ? $", {succeeded} succeeded" : "";
            var counts = $"{Kept} kept{wins}, {Discarded} not kept";
            return Phase switch
            {
                SessionPhase.Recording when Succeeded is null =>
                    $"REC episode {Episode} of {Episodes}, {time} ({counts}) · n keeps it, r again, q ends",
                SessionPhase.Recording =>
                    $"REC episode {Episode} of {Episodes}, {time} ({counts}) · n succeeded, f failed, r again, q ends",
                SessionPhase.Saving => $"saving episode {Episode} of {Episodes} ({counts})",
                SessionPhase.Reset when Waits is { } why =>
                    $"episode {Episode} of {Episodes} waits: {why} ({counts}) · q ends",
                SessionPhase.Reset =>
                    $"set up episode {Episode} of {Episodes}, {time} ({counts}) · n begins it, r takes back the one "
                        + "before, q ends",
                _ => $"over: {counts}",
            };
        }
    }
}
