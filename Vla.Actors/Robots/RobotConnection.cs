using System.Globalization;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Actors.Robots;

/// <summary>A robot with the connection to it: connects it, notices that it is lost, and connects it anew.</summary>
/// <remarks>
/// While it is lost, nothing is applied or read, <see cref="Lost"/> says why, and a thread of its own tries again after
/// 250 ms, then later and later, 5 s at most. Lost is what says so by a <see cref="RobotLostException"/>, and what has
/// failed at all it was asked for longer than a second. Nobody who applies or reads ever waits for any of this.
/// </remarks>
public sealed class RobotConnection : IRobot
{
    /// <summary>How long a robot may take to connect.</summary>
    public static readonly TimeSpan LongestConnecting = TimeSpan.FromSeconds(30);

    private const long LongestFailingNs = MonotonicTime.NsPerSecond;
    private const int FirstBackOffMs = 250;
    private const int LongestBackOffMs = 5_000;
    private const int LongestEndMs = 500;
    private const int LookForIdleMs = 10;

    private readonly IRobot _robot;
    private readonly bool _isOurs;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ends = new();
    private readonly ManualResetEventSlim _isLost = new(false);
    private readonly Thread _thread;
    private volatile string? _lost = "it has not been connected yet";
    private volatile HoldingWords? _holding;
    private long _failingSinceNs;
    private int _inUse;
    private int _reconnected;
    private int _disposed;

    /// <param name="robot">Used by this alone from now on, and disposed by it.</param>
    /// <param name="time">The clock.</param>
    public RobotConnection(IRobot robot, TimeProvider time)
    {
        (_robot, _time) = (robot, time);
        _isOurs = RobotCaller.IsOurs(robot);
        Name = RobotCaller.NameOf(robot);
        _thread = new Thread(Run) { Name = $"vla-robot {Name}", IsBackground = true };
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool MayBlock => _robot.MayBlock;

    /// <inheritdoc/>
    public bool Moves => _robot.Moves;

    /// <inheritdoc/>
    public int QueueCapacity => _robot.QueueCapacity;

    /// <inheritdoc/>
    public IReadOnlyList<string> ActionNames => _robot.ActionNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> ActionUnits => _robot.ActionUnits;

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => _robot.StateNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> StateUnits => _robot.StateUnits;

    /// <inheritdoc/>
    public double StateRateHz => _robot.StateRateHz;

    /// <inheritdoc/>
    public RobotProfile? Profile => _robot.Profile;

    /// <inheritdoc/>
    public bool IsSimulated => _robot.IsSimulated;

    /// <inheritdoc/>
    public StateRing? States => _robot.States;

    /// <summary>Why it is not connected, in words; null while it is. From any thread.</summary>
    public string? Lost
    {
        get
        {
            // A robot whose state is not known is told nothing, and could not say so otherwise.
            if (_lost is null && _robot.Gone is { } gone)
                Lose(gone);
            return _lost is { } why ? $"the robot {Name} is lost: {why}" : null;
        }
    }

    /// <inheritdoc/>
    public string? Note => _robot.Note;

    /// <inheritdoc/>
    public bool IsSettingOut => _robot.IsSettingOut;

    /// <summary>Why it holds still whatever it is told, in words; null while it does not. From any thread.</summary>
    public string? Holding
    {
        get
        {
            if (_lost is not null || _robot.Holding is not { } why)
                return null;
            // Asked at every tick: made once for as long as it lasts.
            if (_holding is not { } known || !ReferenceEquals(known.Why, why))
                _holding = known = new HoldingWords(why, $"the robot {Name} holds still: {why}");
            return known.Words;
        }
    }

    /// <inheritdoc/>
    public bool WaitAtRest(TimeSpan bound) => _robot.WaitAtRest(bound);

    /// <summary>How often it was connected again after a loss.</summary>
    public int Reconnected => Volatile.Read(ref _reconnected);

    /// <summary>Reads its state meanwhile; null for one that feels nothing.</summary>
    public RobotStateReader? State { get; set; }

    /// <summary>Connects it for the first time.</summary>
    /// <param name="cancellation">Told to end meanwhile.</param>
    /// <exception cref="RobotException">
    /// It cannot be connected, or does not come back within <see cref="LongestConnecting"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">Told to end.</exception>
    public void Connect(CancellationToken cancellation) => Connect(LongestConnecting, cancellation);

    /// <inheritdoc cref="Connect(CancellationToken)"/>
    internal void Connect(TimeSpan bound, CancellationToken cancellation)
    {
        using var told = cancellation.Register(_ends.Cancel);
        var connecting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var until = CancellationTokenSource.CreateLinkedTokenSource(_ends.Token);
        new Thread(() =>
        {
            try
            {
                _robot.Connect(until.Token);
                connecting.SetResult();
            }
            catch (Exception exception)
            {
                connecting.SetException(exception);
            }
        })
        {
            Name = $"vla-connect {Name}",
            IsBackground = true,
        }.Start();
        try
        {
            if (!connecting.Task.Wait((int)bound.TotalMilliseconds, cancellation))
            {
                until.Cancel();
                connecting.Task.ContinueWith(LetGo, TaskScheduler.Default);
                throw new RobotException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"robot '{Name}' cannot be connected: it has not come back for {bound.TotalSeconds:0.#} s; "
                            + $"see that it is switched on and plugged in"
                    )
                );
            }
        }
        catch (AggregateException e)
        {
            throw new RobotException(
                $"robot '{Name}' cannot be connected: {RobotCaller.InWords(e.InnerException!)}",
                e.InnerException
            );
        }
        catch (OperationCanceledException)
        {
            connecting.Task.ContinueWith(LetGo, TaskScheduler.Default);
            throw;
        }

        _lost = null;
        _thread.Start();

        void LetGo(Task late)
        {
            if (late.IsCompletedSuccessfully)
                Quietly(_robot.Disconnect);
            else
                _ = late.Exception;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="RobotLostException">It is not connected.</exception>
    public void Apply(PublishedAction action)
    {
        Enter();
        try
        {
            // What somebody else wrote may write into what it is given, whatever the types say: it gets a copy.
            _robot.Apply(_isOurs ? action : action.Copy());
            NoteSuccess();
        }
        catch (Exception exception) when (NoteFailure(exception))
        {
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _inUse);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="RobotLostException">It is not connected.</exception>
    public long ReadState(Span<float> values)
    {
        Enter();
        try
        {
            var atNs = _robot.ReadState(values);
            NoteSuccess();
            return atNs;
        }
        catch (Exception exception) when (NoteFailure(exception))
        {
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _inUse);
        }
    }

    /// <summary>
    /// Ends reading and connection, and disposes the robot. Waits for it, but not long for one that hangs.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        State?.Dispose();
        _ends.Cancel();
        _isLost.Set();
        var isStarted = (_thread.ThreadState & ThreadState.Unstarted) == 0;
        if (isStarted)
            _thread.Join(LongestEndMs);
        try
        {
            if (_lost is null)
                Disconnect();
        }
        finally
        {
            _robot.Dispose();
        }
    }

    /// <summary>Disconnects the robot; nothing is applied or read any more.</summary>
    public void Disconnect()
    {
        _lost = "it was disconnected";
        _robot.Disconnect();
    }

    private static void Quietly(Action act)
    {
        try
        {
            act();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // It is lost as it is; connecting it says what is wrong.
        }
    }

    private void Enter()
    {
        Interlocked.Increment(ref _inUse);
        if (_lost is not { } why)
            return;
        Interlocked.Decrement(ref _inUse);
        throw new RobotLostException(why);
    }

    private void NoteSuccess()
    {
        if (Interlocked.Read(ref _failingSinceNs) != 0)
            Interlocked.Exchange(ref _failingSinceNs, 0);
    }

    /// <returns>True: it is a filter that only looks.</returns>
    private bool NoteFailure(Exception exception)
    {
        var nowNs = _time.NowNs();
        var sinceNs = Interlocked.CompareExchange(ref _failingSinceNs, nowNs, 0);
        if (exception is RobotLostException || (sinceNs != 0 && nowNs - sinceNs > LongestFailingNs))
            Lose(RobotCaller.InWords(exception));
        return true;
    }

    private void Lose(string why)
    {
        if (_lost is not null)
            return;
        _lost = why;
        _isLost.Set();
    }

    private void Run()
    {
        while (!_ends.IsCancellationRequested)
        {
            _isLost.Wait();
            _isLost.Reset();
            if (_lost is not null && !_ends.IsCancellationRequested)
                ConnectAnew();
        }
    }

    private void ConnectAnew()
    {
        // Whoever is still inside comes out, or hangs: then there is nothing to connect it with.
        Interlocked.MemoryBarrier();
        while (Volatile.Read(ref _inUse) > 0)
        {
            if (_ends.Token.WaitHandle.WaitOne(LookForIdleMs))
                return;
        }

        Quietly(_robot.Disconnect);
        for (
            var waitMs = FirstBackOffMs;
            !_ends.Token.WaitHandle.WaitOne(waitMs);
            waitMs = Math.Min(2 * waitMs, LongestBackOffMs)
        )
        {
            try
            {
                using var until = CancellationTokenSource.CreateLinkedTokenSource(_ends.Token);
                until.CancelAfter(LongestConnecting);
                _robot.Connect(until.Token);
                State?.Forget();
                Interlocked.Exchange(ref _failingSinceNs, 0);
                Interlocked.Increment(ref _reconnected);
                _lost = null;
                return;
            }
            catch (Exception exception)
            {
                // Whatever it throws: it is lost still, and tried again later.
                _lost = RobotCaller.InWords(exception);
            }
        }
    }

    private sealed record HoldingWords(string Why, string Words);
}
