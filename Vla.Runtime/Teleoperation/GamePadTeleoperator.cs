using Vla.Actors.Robots;

namespace Vla.Runtime.Teleoperation;

/// <summary>A game pad: <c>gamepad</c>, <c>gamepad:/dev/input/event5</c>. Linux, read directly.</summary>
/// <remarks>
/// A pad that is pulled out tells nothing more: the control loop holds, then stops. It is looked for until it is back.
/// </remarks>
/// <param name="name">As it was given.</param>
/// <param name="device">Its event device; null for the first that is found.</param>
/// <param name="hand">What is moved.</param>
/// <param name="time">The clock.</param>
/// <param name="hz">How often it tells, a second.</param>
internal sealed class GamePadTeleoperator(string name, string? device, CartesianHand hand, TimeProvider time, double hz)
    : SteadyTeleoperator(name, time, hz)
{
    private static readonly TimeSpan ConnectAgain = TimeSpan.FromSeconds(0.5);

    private readonly Lock _gate = new();
    private readonly GamePad _pad = new();
    private readonly ManualResetEventSlim _ends = new(false);
    private FileStream? _stream;
    private Thread? _reader;
    private TeleopFeed? _feed;
    private volatile string? _lost;

    public override string? Lost => _lost;

    public override string Help =>
        "game pad        left stick left right, forward back; right stick up down, turns; cross tilts and rolls; A "
        + "opens and closes, START keeps or begins, BACK again, guide ends, B stops, Y corrects";

    public override void Connect()
    {
        if (!OperatingSystem.IsLinux())
            throw new RobotException("game pads are read on Linux only: lead with keyboard");
        _pad.Pressed = Press;
        _stream = GamePadDevice.Open(device ?? GamePadDevice.Find(), _pad);
    }

    internal override void Turn(TeleopFeed feed, long nowNs, double seconds)
    {
        lock (_gate)
        {
            if (_lost is not null)
            {
                hand.Forget();
                return;
            }

            // Without a second stick by these codes, older pads have it by others.
            var isOld = !_pad.Has(GamePadCodes.RightX) && _pad.Has(GamePadCodes.Z);
            hand.Push(HandAxis.X, _pad.Stick(GamePadCodes.LeftX));
            hand.Push(HandAxis.Y, -_pad.Stick(GamePadCodes.LeftY));
            hand.Push(HandAxis.Z, -_pad.Stick(isOld ? GamePadCodes.RotationZ : GamePadCodes.RightY));
            hand.Push(HandAxis.Yaw, -_pad.Stick(isOld ? GamePadCodes.Z : GamePadCodes.RightX));
            hand.Push(HandAxis.Roll, _pad.Stick(GamePadCodes.CrossX));
            hand.Push(HandAxis.Pitch, -_pad.Stick(GamePadCodes.CrossY));
            if (hand.Step(seconds) is { IsEmpty: false } values)
                feed.Move(nowNs, values);
        }
    }

    protected override void Begin(TeleopFeed feed)
    {
        _feed = feed;
        _reader = new Thread(Read) { Name = "vla-gamepad", IsBackground = true };
        _reader.Start();
    }

    protected override void Release()
    {
        _ends.Set();
        // The reader may be waiting for the device: it ends with the process.
        _stream?.Dispose();
    }

    private void Read()
    {
        while (!_ends.IsSet)
        {
            try
            {
                _stream ??= GamePadDevice.Open(device ?? GamePadDevice.Find(), _pad);
                lock (_gate)
                    _lost = null;
                ReadEvents(_stream);
            }
            catch (Exception exception) when (exception is IOException or RobotException or ObjectDisposedException)
            {
                Lose($"the game pad is lost: {exception.Message.ReplaceLineEndings(" ")}");
            }

            _ends.Wait(ConnectAgain);
        }
    }

    private void ReadEvents(FileStream stream)
    {
        var bytes = new byte[GamePad.EventSize];
        while (!_ends.IsSet)
        {
            stream.ReadExactly(bytes);
            lock (_gate)
                _pad.Take(bytes);
        }
    }

    private void Lose(string why)
    {
        lock (_gate)
        {
            _pad.Rest();
            _lost = why;
        }

        _stream?.Dispose();
        _stream = null;
    }

    private void Press(ushort button)
    {
        switch (button)
        {
            case GamePadCodes.South:
                hand.ToggleJaw();
                break;
            case GamePadCodes.Start:
                _feed?.Asked(TeleopRequest.Next);
                break;
            case GamePadCodes.Select:
                _feed?.Asked(TeleopRequest.Again);
                break;
            case GamePadCodes.Mode:
                _feed?.Asked(TeleopRequest.End);
                break;
            case GamePadCodes.East:
                _feed?.Asked(TeleopRequest.Stop);
                break;
            case GamePadCodes.North:
                _feed?.Asked(TeleopRequest.Correct);
                break;
        }
    }
}
