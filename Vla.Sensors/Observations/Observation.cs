using Vla.Sensors.Cameras;

namespace Vla.Sensors.Observations;

/// <summary>
/// What is perceived at a moment: a picture of each camera, the robot's state, and the words in force.
/// </summary>
/// <remarks>
/// Whoever holds it owns it and disposes it, once: its frames then go back to their pools, and it may be used again for
/// another moment. Its moment is that of its oldest picture (<see cref="CapturedNs"/>).
/// </remarks>
public sealed class Observation : IDisposable
{
    private readonly Frame?[] _frames;
    private readonly Action<Observation>? _goHome;
    private int _held = 1;

    /// <param name="names">Of the pictures; each once.</param>
    /// <param name="frames">The pictures in that order, handed over.</param>
    /// <exception cref="ArgumentException">There are more names than pictures, or fewer.</exception>
    public Observation(IReadOnlyList<string> names, params ReadOnlySpan<Frame> frames)
        : this(names, goHome: null)
    {
        if (names.Count != frames.Length)
            throw new ArgumentException($"{names.Count} names for {frames.Length} pictures", nameof(frames));
        for (var i = 0; i < frames.Length; i++)
            _frames[i] = frames[i];
    }

    internal Observation(IReadOnlyList<string> names, Action<Observation>? goHome) =>
        (Names, _goHome, _frames) = (names, goHome, new Frame?[names.Count]);

    /// <summary>
    /// What the pictures are called, in their order; the feature's name is <see cref="PictureNames.Feature"/>.
    /// </summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>A picture by its place.</summary>
    /// <exception cref="ObjectDisposedException">The pictures were given back.</exception>
    public Frame this[int place] => _frames[place] ?? throw new ObjectDisposedException(nameof(Observation));

    /// <summary>When its oldest picture was taken, monotonic nanoseconds.</summary>
    public long CapturedNs
    {
        get
        {
            var oldest = long.MaxValue;
            for (var i = 0; i < _frames.Length; i++)
                oldest = Math.Min(oldest, this[i].CapturedNs);
            return oldest;
        }
    }

    /// <summary>When the last of its pictures was ready for the policy, monotonic nanoseconds.</summary>
    public long PreparedNs
    {
        get
        {
            var last = long.MinValue;
            for (var i = 0; i < _frames.Length; i++)
                last = Math.Max(last, this[i].PreparedNs);
            return last;
        }
    }

    /// <summary>
    /// The robot's state as of <see cref="CapturedNs"/>; null when it was not known, or there is none.
    /// </summary>
    public RobotReading? State { get; set; }

    /// <summary>The words that were in force when it was put together; empty for none.</summary>
    public string Instruction { get; set; } = "";

    /// <summary>Their number; 0 for none.</summary>
    public long InstructionNumber { get; set; }

    /// <summary>The place of a picture; -1 when there is none of that name.</summary>
    public int PlaceOf(string name)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
                return i;
        }

        return -1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _held, 0) == 0)
            return;
        for (var i = 0; i < _frames.Length; i++)
        {
            _frames[i]?.Dispose();
            _frames[i] = null;
        }

        (State, Instruction, InstructionNumber) = (null, "", 0);
        _goHome?.Invoke(this);
    }

    /// <summary>Takes up its life again.</summary>
    internal void Rent() => Volatile.Write(ref _held, 1);

    /// <summary>Puts a picture into its place; what was there is the caller's.</summary>
    internal Frame? Put(int place, Frame frame)
    {
        var before = _frames[place];
        _frames[place] = frame;
        return before;
    }
}
