using Vla.Actors.Robots;

namespace Vla.Runtime.Teleoperation;

/// <summary>The way from whatever leads to what is led, with what stands in between.</summary>
/// <remarks>
/// While a policy runs, what is told counts only while somebody corrects (<see cref="Corrects"/>). A correction begins
/// where the robot is: places are counted from there on, so that nothing jumps to where the leader happens to be.
/// </remarks>
/// <param name="profile">The robot's.</param>
/// <param name="isCorrection">Whether a policy runs, which is corrected.</param>
internal sealed class TeleopFeed(RobotProfile profile, bool isCorrection)
{
    private readonly Lock _gate = new();
    private float[]? _offsets;
    private bool _corrects;
    private bool _policyActs = true;

    /// <summary>Whether a policy runs, which is corrected.</summary>
    public bool IsCorrection => isCorrection;

    /// <summary>Whether episodes are recorded: a script waits until one is.</summary>
    public bool WaitsForEpisodes { get; init; }

    /// <summary>Whether somebody leads at the moment.</summary>
    public bool Corrects
    {
        get => Volatile.Read(ref _corrects);
        set
        {
            if (!isCorrection)
                return;
            lock (_gate)
                _offsets = null;
            Volatile.Write(ref _corrects, value);
        }
    }

    /// <summary>
    /// Whether the policy's actions go through; between episodes they do not, and the robot is told once to stay.
    /// </summary>
    public bool PolicyActs
    {
        get => Volatile.Read(ref _policyActs);
        set
        {
            if (!isCorrection || Interlocked.Exchange(ref _policyActs, value) == value || value)
                return;
            if (Last() is not { } last)
                return;
            float[] stay = [.. last.Values];
            for (var i = 0; i < stay.Length; i++)
            {
                if (profile.Dimensions[i].Hold == HoldBehaviour.Zero)
                    stay[i] = 0;
            }

            Stays?.Invoke(stay);
        }
    }

    /// <summary>Told where the robot is to stay, in memory of its own.</summary>
    public Action<float[]>? Stays { get; set; }

    /// <summary>Where the robot was last told to be; null before.</summary>
    public Func<PublishedAction?> Last { get; set; } = () => null;

    /// <summary>Told what is wanted, and when it was felt, monotonic nanoseconds; in memory of its own.</summary>
    public Action<long, float[]>? Felt { get; set; }

    /// <summary>Told what was asked for with a button.</summary>
    public Action<TeleopRequest> Asked { get; set; } = _ => { };

    /// <summary>Tells what is wanted.</summary>
    /// <param name="atNs">When it was felt, monotonic nanoseconds.</param>
    /// <param name="values">In the order of the profile; copied.</param>
    public void Move(long atNs, ReadOnlySpan<float> values)
    {
        if (Felt is not { } felt || (isCorrection && !Corrects))
            return;
        float[] wanted = [.. values];
        if (isCorrection && !TryPlace(wanted))
            return;
        felt(atNs, wanted);
    }

    private bool TryPlace(float[] wanted)
    {
        lock (_gate)
        {
            if (_offsets is null)
            {
                if (Last() is not { } last)
                    return false;
                _offsets = new float[wanted.Length];
                for (var i = 0; i < wanted.Length; i++)
                {
                    if (profile.Dimensions[i].Hold == HoldBehaviour.Keep)
                        _offsets[i] = last.Values[i] - wanted[i];
                }
            }

            for (var i = 0; i < wanted.Length; i++)
                wanted[i] += _offsets[i];
        }

        return true;
    }
}
