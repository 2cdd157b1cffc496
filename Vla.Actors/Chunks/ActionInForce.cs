using System.Globalization;
using Vla.Actors.Pipeline;

namespace Vla.Actors.Chunks;

/// <summary>Why an action was refused.</summary>
public enum Refusal
{
    /// <summary>Not horizon × dimensions numbers, or a horizon or step that makes no sense.</summary>
    WrongLength,

    /// <summary>A value is NaN.</summary>
    NotANumber,

    /// <summary>A value is infinite.</summary>
    Infinite,

    /// <summary>Its observation was too old when it arrived, or it got too old before a newer one came.</summary>
    Stale,

    /// <summary>Made from a picture that was taken before it was known to be good again to move by sight.</summary>
    Blind,
}

/// <summary>
/// Checks each new chunk and tells which of its actions is due; a refused one leaves the last good one in force.
/// </summary>
/// <remarks>
/// A single action is due from its arrival until its observation is older than the maximum age. Of a chunk, action i is
/// due from capture + i × step; the chunk's observation must be within the maximum age when it arrives, and afterwards
/// the chunk is followed until its observation is as old as <see cref="ChunkAgeLimit"/> says. A new chunk takes the
/// place of the old, or is blended with it, as the policy says. Used by one thread; the counts may be read by any.
/// </remarks>
/// <param name="names">A name for each value of an action.</param>
/// <param name="limit">How old pictures may be.</param>
/// <param name="execution">How the policy wants its chunks carried out.</param>
internal sealed class ActionInForce(IReadOnlyList<string> names, ChunkAgeLimit limit, ChunkExecution execution)
{
    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private readonly int _dimensions = names.Count;
    private readonly ChunkGaps _gaps = new();
    private readonly ChunkEnsemble? _ensemble =
        execution.Blend == ChunkBlend.Ensemble ? new ChunkEnsemble(names.Count, execution, limit) : null;
    private string _lastRefusal = "";
    private bool _refusedSinceGood;

    /// <summary>The chunk the due action is taken from, the newest of several; null when there is none.</summary>
    public ActionChunk? Chunk { get; private set; }

    /// <summary>How old its observation was when it was put in force, nanoseconds.</summary>
    public long ArrivalAgeNs { get; private set; }

    /// <summary>How old its observation may grow, nanoseconds.</summary>
    public long AgeLimitNs { get; private set; }

    /// <summary>Which of the chunk's actions was due when it was last asked for.</summary>
    public int Row { get; private set; }

    /// <summary>The newest refusal in words; empty when there was none.</summary>
    public string LastRefusal => Volatile.Read(ref _lastRefusal);

    /// <summary>The newest refusal in words when nothing good has come since; otherwise empty.</summary>
    public string Complaint => _refusedSinceGood ? _lastRefusal : "";

    /// <summary>That actions come too slowly again and again; empty while they do not.</summary>
    public string TooSlow => _gaps.Words;

    public long RefusedFor(Refusal reason) => Interlocked.Read(ref _refused[(int)reason]);

    /// <summary>Puts a chunk in force, or refuses it.</summary>
    public void Consider(ActionChunk chunk, Sight sight, long nowNs)
    {
        if (FindFault(chunk) is { } fault)
        {
            Refuse(fault.Reason, fault.Text);
        }
        else if (!sight.Trusts(chunk.Origin.CapturedNs))
        {
            Refuse(Refusal.Blind, sight.Blindness ?? $"the action's picture is from before {sight.Since}");
        }
        else if (FindAge(chunk, nowNs) is { } tooOld)
        {
            Refuse(Refusal.Stale, tooOld);
        }
        else
        {
            // Who takes over, a person or the policy again, is not blended with what was planned before.
            if (Chunk is { } before && before.Origin.IsByHand != chunk.Origin.IsByHand)
                _ensemble?.Clear();
            Chunk = chunk;
            (ArrivalAgeNs, AgeLimitNs) = (Math.Max(0, nowNs - chunk.Origin.CapturedNs), limit.Of(chunk));
            _gaps.Begun(chunk, ArrivalAgeNs, AgeLimitNs);
            if (chunk.Horizon > 1)
                _ensemble?.Add(chunk);
            _refusedSinceGood = false;
        }
    }

    /// <summary>The action due now, one value per dimension; empty when there is none.</summary>
    public ReadOnlySpan<float> Due(Sight sight, long nowNs)
    {
        if (Chunk is { } seen && !sight.Trusts(seen.Origin.CapturedNs))
            Clear();
        if (Chunk is not { } chunk)
            return default;
        var age = Math.Max(0, nowNs - chunk.Origin.CapturedNs);
        Row = 0;
        if (chunk.Horizon == 1)
        {
            if (age <= AgeLimitNs)
                return chunk.Values;
            Expire(chunk, age);
            return default;
        }

        var row = age / chunk.StepNs;
        if (row < chunk.Horizon && age <= AgeLimitNs)
        {
            Row = (int)row;
            return _ensemble is null ? chunk.Values.AsSpan(Row * _dimensions, _dimensions) : _ensemble.Due(nowNs);
        }

        Expire(chunk, age);
        return default;
    }

    /// <summary>Takes back whatever is in force.</summary>
    public void Clear()
    {
        _gaps.Forget();
        Drop();
    }

    private void Drop()
    {
        Chunk = null;
        _ensemble?.Clear();
    }

    /// <summary>What is wrong with a new chunk's age; null when nothing is.</summary>
    private string? FindAge(ActionChunk chunk, long nowNs)
    {
        var age = nowNs - chunk.Origin.CapturedNs;
        if (age > limit.OnArrivalNs)
            return ChunkAgeLimit.TooOld("the action's observation is", age, limit.OnArrivalNs);
        var limitNs = limit.Of(chunk);
        if (chunk.Horizon == 1 || (age <= limitNs && age < chunk.Horizon * chunk.StepNs))
            return null;
        return ChunkAgeLimit.TooOld("the action chunk was over when it arrived: its picture is", age, limitNs);
    }

    private (Refusal Reason, string Text)? FindFault(ActionChunk chunk)
    {
        var values = chunk.Values;
        if (chunk.Horizon < 1 || values.Length != (long)chunk.Horizon * _dimensions)
        {
            return (
                Refusal.WrongLength,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the action has {values.Length} values, expected are {chunk.Horizon} × {_dimensions}"
                )
            );
        }

        if (chunk.Horizon > 1 && chunk.StepNs <= 0)
            return (Refusal.WrongLength, $"the action chunk's step is {chunk.StepNs} ns, expected is more than 0");

        for (var i = 0; i < values.Length; i++)
        {
            if (float.IsFinite(values[i]))
                continue;
            var name = names[i % _dimensions];
            return float.IsNaN(values[i])
                ? (Refusal.NotANumber, $"the action's {name} is not a number")
                : (Refusal.Infinite, $"the action's {name} is infinite");
        }

        return null;
    }

    private void Expire(ActionChunk chunk, long ageNs)
    {
        Drop();
        _gaps.Outlived(chunk.Origin.CapturedNs);
        // What came since the good one and was refused says more than that the good one ran out.
        if (_refusedSinceGood)
            Interlocked.Increment(ref _refused[(int)Refusal.Stale]);
        else
            Refuse(Refusal.Stale, limit.Outlived(chunk, ageNs));
    }

    private void Refuse(Refusal reason, string text)
    {
        Interlocked.Increment(ref _refused[(int)reason]);
        Volatile.Write(ref _lastRefusal, text);
        _refusedSinceGood = true;
    }
}
