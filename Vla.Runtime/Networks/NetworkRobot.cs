using System.Diagnostics;
using System.Globalization;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Networks;

/// <summary>
/// A robot on a network: it is sent actions and says, of its own accord, where it is. Each wire has one of these.
/// </summary>
/// <remarks>
/// <para>
/// What it says arrives on its connection's own thread and goes into a ring with the time at which it was true. While
/// it says nothing it is held still (<see cref="Holding"/>); a connection that broke is given up (<see cref="Gone"/>),
/// and whoever holds the robot connects it anew. Each connection is a new object, so that nothing of an old one is
/// taken for news.
/// </para>
/// <para>
/// No action is kept: what cannot be sent now is not sent later.
/// </para>
/// </remarks>
internal abstract class NetworkRobot : IRobot
{
    /// <summary>A message may take so long to be handed to the network; after it the connection is given up.</summary>
    protected static readonly TimeSpan LongestSend = TimeSpan.FromMilliseconds(250);

    private const int LastingPeriods = 3;

    /// <summary>What was wrong is shown for so long after it was last wrong.</summary>
    private const long ProblemLastsNs = 5 * MonotonicTime.NsPerSecond;

    private readonly long _silenceNs;
    private readonly string _silent;
    private readonly ManualResetEventSlim _hasSpoken = new(false);
    private NetworkConnection? _connection;
    private volatile string? _problem;
    private volatile string? _remark;
    private long _problemAtNs;
    private long _heardAtNs;
    private long _passedOver;

    /// <param name="address">Where it is.</param>
    /// <param name="profile">What it is told.</param>
    /// <param name="tells">What it tells.</param>
    /// <param name="rateHz">States a second; 0 where that is not known.</param>
    /// <param name="time">The clock.</param>
    protected NetworkRobot(
        NetworkAddress address,
        RobotProfile profile,
        RobotTells tells,
        double rateHz,
        TimeProvider time
    )
    {
        (Address, Profile, Time, StateRateHz) = (address, profile, time, rateHz);
        ActionNames = [.. profile.Dimensions.Select(dimension => dimension.Name)];
        ActionUnits = [.. profile.Dimensions.Select(dimension => dimension.Unit)];
        (StateNames, StateUnits) = (tells.Names, tells.Units);
        States = tells.Names.Count == 0 ? null : new StateRing(tells.Names.Count);
        var lastsNs = rateHz > 0 ? (long)(LastingPeriods * MonotonicTime.NsPerSecond / rateHz) : 0;
        _silenceNs = Math.Max(RobotStateReader.ShortestLastingNs, lastsNs);
        _silent = string.Create(
            CultureInfo.InvariantCulture,
            $"it has not said where it is for {_silenceNs / MonotonicTime.NsPerMs} ms"
        );
    }

    public string Name => Address.Where;

    public IReadOnlyList<string> ActionNames { get; }

    public IReadOnlyList<string> ActionUnits { get; }

    public IReadOnlyList<string> StateNames { get; }

    public IReadOnlyList<string> StateUnits { get; }

    public double StateRateHz { get; }

    public RobotProfile Profile { get; }

    public StateRing? States { get; }

    /// <summary>Messages that were passed over: unreadable, out of order, too old.</summary>
    public long PassedOver => Interlocked.Read(ref _passedOver);

    public string? Note
    {
        get
        {
            if (_problem is not null && Time.NowNs() - Interlocked.Read(ref _problemAtNs) > ProblemLastsNs)
                _problem = null;
            return (_problem, _remark) switch
            {
                (null, var remark) => remark,
                (var problem, null) => problem,
                var (problem, remark) => $"{problem}; {remark}",
            };
        }
    }

    public string? Holding =>
        States is not null && Time.NowNs() - Interlocked.Read(ref _heardAtNs) > _silenceNs ? _silent : null;

    public string? Gone => Volatile.Read(ref _connection)?.Failure;

    /// <summary>Where it is.</summary>
    protected NetworkAddress Address { get; }

    protected TimeProvider Time { get; }

    /// <summary>What is so, in words, as long as it is: clocks that disagree. Null for nothing.</summary>
    protected string? Remark
    {
        set => _remark = value;
    }

    public void Connect(CancellationToken cancellation)
    {
        _hasSpoken.Reset();
        _remark = null;
        NetworkConnection? connection = null;
        try
        {
            Adopt(connection = Open(cancellation));
            connection.Begin();
            if (States is not null)
                WaitForState(connection, cancellation);
        }
        catch
        {
            Volatile.Write(ref _connection, null);
            connection?.Dispose();
            throw;
        }
    }

    public void Disconnect()
    {
        if (Interlocked.Exchange(ref _connection, null) is not { } connection)
            return;
        if (connection.Failure is null)
            connection.Close();
        connection.Dispose();
    }

    public void Apply(PublishedAction action)
    {
        var connection = Volatile.Read(ref _connection) ?? throw new RobotLostException("it is not connected");
        if (connection.Failure is { } why)
            throw new RobotLostException(why);
        Send(connection, action);
    }

    public long ReadState(Span<float> values) => throw new UnreachableException("its states are in a ring");

    public virtual void Dispose() => Disconnect();

    /// <summary>
    /// Opens a connection of its own; nothing of it is read before <see cref="NetworkConnection.Begin"/>.
    /// </summary>
    /// <exception cref="RobotException">It is not there, in words.</exception>
    protected abstract NetworkConnection Open(CancellationToken cancellation);

    /// <summary>
    /// From now on a connection's messages count; for one that speaks while it is still being opened.
    /// </summary>
    protected void Adopt(NetworkConnection connection) => Volatile.Write(ref _connection, connection);

    /// <summary>Sends one action, within <see cref="LongestSend"/>.</summary>
    /// <exception cref="RobotLostException">The connection is gone.</exception>
    protected abstract void Send(NetworkConnection connection, PublishedAction action);

    /// <summary>Takes a state that has come.</summary>
    /// <param name="from">Over which connection: that of an earlier one counts no more.</param>
    /// <param name="atNs">When it was true, monotonic nanoseconds.</param>
    /// <param name="values">As many as <see cref="StateNames"/>.</param>
    protected void Hear(NetworkConnection from, long atNs, ReadOnlySpan<float> values)
    {
        if (States is null || !ReferenceEquals(from, Volatile.Read(ref _connection)))
            return;
        for (var i = 0; i < values.Length; i++)
        {
            if (float.IsFinite(values[i]))
                continue;
            PassOver($"its {StateNames[i]} is not a number");
            return;
        }

        if (!States.Add(Math.Min(atNs, Time.NowNs()), values))
        {
            PassOver("a state that is older than the one before it was passed over");
            return;
        }

        Interlocked.Exchange(ref _heardAtNs, atNs);
        if (!_hasSpoken.IsSet)
            _hasSpoken.Set();
    }

    /// <summary>Says that a message was of no use; the connection stays.</summary>
    protected void PassOver(string problem)
    {
        Interlocked.Increment(ref _passedOver);
        Interlocked.Exchange(ref _problemAtNs, Time.NowNs());
        // The first of a row: it must not be another text at every message.
        _problem ??= problem;
    }

    private void WaitForState(NetworkConnection connection, CancellationToken cancellation)
    {
        var until = Environment.TickCount64 + (long)Address.Timeout.TotalMilliseconds;
        const int LookMs = 50;
        while (!_hasSpoken.Wait(LookMs, cancellation))
        {
            if (connection.Failure is { } why)
                throw new RobotException(why);
            if (Environment.TickCount64 < until)
                continue;
            var wrong = _problem is { } problem ? $" ({problem})" : "";
            throw new RobotException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it took the connection, and has not said where it is ({string.Join(", ", StateNames)}) for "
                        + $"{Address.Timeout.TotalSeconds:0.###} s{wrong}: {SilenceMend}"
                )
            );
        }
    }

    /// <summary>What to do about a robot that does not say where it is.</summary>
    protected virtual string SilenceMend => "let it say so, or give state=none for a robot that tells nothing";
}
