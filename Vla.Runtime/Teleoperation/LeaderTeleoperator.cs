using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;

namespace Vla.Runtime.Teleoperation;

/// <summary>A leader arm: <c>so101_leader:/dev/ttyACM1</c>.</summary>
/// <param name="name">As it was given.</param>
/// <param name="kind">Which kind of arm.</param>
/// <param name="port">Its serial port.</param>
/// <param name="scale">Which numbers its positions are: those of the arm that follows.</param>
/// <param name="opening">Opens its bus.</param>
/// <param name="time">The clock.</param>
/// <param name="hz">How often it is asked, a second.</param>
internal sealed class LeaderTeleoperator(
    string name,
    ArmKind kind,
    string port,
    ArmScale scale,
    ArmOpening opening,
    TimeProvider time,
    double hz
) : ITeleoperator
{
    private readonly CancellationTokenSource _told = new();
    private ServoLeader? _leader;
    private ServoBus? _bus;
    private TeleopFeed? _feed;
    private Thread? _thread;

    public string Name => name;

    public string? Lost => _leader?.Lost;

    public void Connect()
    {
        _leader = new ServoLeader(kind, port, scale, at => opening.OpenBus(at, kind.Make), time)
        {
            Moved = (atNs, values) => _feed?.Move(atNs, values),
        };
        _bus = _leader.Connect();
    }

    public void Start(TeleopFeed feed)
    {
        _feed = feed;
        _thread = new Thread(() => _leader!.Run(_bus!, hz, _told.Token)) { Name = "vla-leader", IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _told.Cancel();
        if (_thread is null)
            _bus?.Dispose();
        _thread?.Join(TimeSpan.FromSeconds(1));
    }
}
