using Vla.Sensors.Cameras;

namespace Vla.Sensors.Observations;

/// <summary>
/// Brings the newest frames of all cameras and whoever asks for an observation together, on the thread that comes last.
/// </summary>
/// <remarks>
/// <para>
/// A set is the newest frame of each camera, each used once: it is complete when every camera has given one since the
/// set before, so the slowest camera sets the pace. A frame that was taken before the newest of its set by more than
/// <see cref="MaximumSkewNs"/> waits for a newer one of its camera; <see cref="Behind"/> says which does.
/// </para>
/// <para>A set that is waited for goes out from the capture thread itself: no further thread has to wake up.</para>
/// </remarks>
/// <typeparam name="TAsker">Who asks.</typeparam>
internal sealed class ObservationAssembly<TAsker>
    where TAsker : class
{
    private readonly Lock _gate = new();
    private readonly Stack<Observation> _free = new();
    private readonly IReadOnlyList<string> _names;
    private readonly Action<TAsker, Observation> _give;
    private readonly Action<Observation>? _complete;
    private readonly IFrameCell?[] _cells;
    private readonly Frame?[] _waiting;
    private readonly Action<Observation> _goHome;
    private TAsker? _asker;
    private SkewedSet? _behind;

    /// <param name="names">Of the cameras, in the order of the pictures.</param>
    /// <param name="maximumSkewNs">By how much a picture may be older than the newest of its set.</param>
    /// <param name="give">Hands an observation to whoever asked; called on a capture thread or on the asker's.</param>
    /// <param name="complete">Adds state and words to the pictures; must not wait. Null for pictures alone.</param>
    public ObservationAssembly(
        IReadOnlyList<string> names,
        long maximumSkewNs,
        Action<TAsker, Observation> give,
        Action<Observation>? complete = null
    )
    {
        (_names, MaximumSkewNs, _give, _complete) = (names, maximumSkewNs, give, complete);
        (_cells, _waiting) = (new IFrameCell?[names.Count], new Frame?[names.Count]);
        Places = [.. names.Select((_, i) => new Place(this, i))];
        _goHome = Return;
    }

    /// <summary>Where each camera's frames are put in, in the order of the names.</summary>
    public IReadOnlyList<ICameraPlace> Places { get; }

    public long MaximumSkewNs { get; }

    /// <summary>
    /// The set that somebody waits for and that does not come about, since one of its pictures is too old; null while
    /// all is well.
    /// </summary>
    public SkewedSet? Behind => Volatile.Read(ref _behind);

    /// <summary>Gives the newest set, or the next one. Asked again, it goes to the one who asked last.</summary>
    public void Want(TAsker asker)
    {
        lock (_gate)
            _asker = asker;
        Serve();
    }

    /// <summary>Puts newer frames into an observation that has not been used yet, where every camera has one.</summary>
    /// <returns>Whether it has newer ones now.</returns>
    public bool Exchange(Observation held)
    {
        lock (_gate)
        {
            if (!HaveSet())
                return false;
            for (var i = 0; i < _cells.Length; i++)
            {
                if (held.Put(i, TakeWaiting(i)) is { } unseen)
                    Replace(i, unseen);
            }
        }

        _complete?.Invoke(held);
        return true;
    }

    private void Use(int camera, IFrameCell? cell)
    {
        lock (_gate)
        {
            _cells[camera] = cell;
            _waiting[camera]?.Dispose();
            _waiting[camera] = null;
            Volatile.Write(ref _behind, null);
        }
    }

    private void Serve()
    {
        TAsker asker;
        Observation observation;
        lock (_gate)
        {
            if (_asker is null || !HaveSet())
                return;
            (asker, _asker) = (_asker, null);
            observation = Rent();
            for (var i = 0; i < _cells.Length; i++)
                observation.Put(i, TakeWaiting(i));
        }

        _complete?.Invoke(observation);
        _give(asker, observation);
    }

    /// <summary>Fetches what is newest and says whether it is a set. Under the gate.</summary>
    private bool HaveSet()
    {
        var isComplete = true;
        for (var i = 0; i < _cells.Length; i++)
        {
            if (_cells[i]?.TakeNewest() is { } newest)
            {
                if (_waiting[i] is { } unseen)
                    Replace(i, unseen);
                _waiting[i] = newest;
            }

            isComplete &= _waiting[i] is not null;
        }

        return isComplete && (_cells.Length == 1 || IsOfOneMoment());
    }

    private bool IsOfOneMoment()
    {
        var (oldest, newest) = (0, 0);
        for (var i = 1; i < _waiting.Length; i++)
        {
            if (CapturedNs(i) < CapturedNs(oldest))
                oldest = i;
            if (CapturedNs(i) > CapturedNs(newest))
                newest = i;
        }

        var skewNs = CapturedNs(newest) - CapturedNs(oldest);
        if (skewNs <= MaximumSkewNs)
        {
            if (_behind is not null)
                Volatile.Write(ref _behind, null);
            return true;
        }

        // Said of the first one for as long as it lasts: two slow cameras take turns in being the older one.
        if (_asker is not null && _behind is null)
            Volatile.Write(ref _behind, new SkewedSet(oldest, _names[newest], skewNs, CapturedNs(newest)));
        return false;

        long CapturedNs(int camera) => _waiting[camera]!.CapturedNs;
    }

    private Frame TakeWaiting(int camera)
    {
        var frame = _waiting[camera]!;
        _waiting[camera] = null;
        return frame;
    }

    private void Replace(int camera, Frame unseen)
    {
        if (_cells[camera] is { } cell)
            cell.Replace(unseen);
        else
            unseen.Dispose();
    }

    private Observation Rent()
    {
        if (!_free.TryPop(out var observation))
            return new Observation(_names, _goHome);
        observation.Rent();
        return observation;
    }

    private void Return(Observation observation)
    {
        lock (_gate)
            _free.Push(observation);
    }

    private sealed class Place(ObservationAssembly<TAsker> assembly, int camera) : ICameraPlace
    {
        public void Use(IFrameCell? cell) => assembly.Use(camera, cell);

        public void Arrived() => assembly.Serve();
    }
}

/// <summary>A set of pictures that are too far apart in time.</summary>
/// <param name="Camera">The place of the one that is behind.</param>
/// <param name="Ahead">The name of the camera with the newest picture.</param>
/// <param name="ByNs">How much older its picture is than that one, nanoseconds.</param>
/// <param name="SinceNs">Since when there has been no set, monotonic nanoseconds.</param>
public sealed record SkewedSet(int Camera, string Ahead, long ByNs, long SinceNs);
