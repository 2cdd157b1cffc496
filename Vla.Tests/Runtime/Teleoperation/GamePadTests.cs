using System.Buffers.Binary;
using System.Diagnostics;
using Vla.Actors.Robots;
using Vla.Runtime.Teleoperation;

namespace Vla.Tests.Runtime.Teleoperation;

/// <summary>A game pad that says what the kernel's event devices say.</summary>
public sealed class GamePadTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly RobotProfile Profile = new(
        "test",
        limitsEnabled: true,
        [
            Dimension("x", HoldBehaviour.Zero),
            Dimension("y", HoldBehaviour.Zero),
            Dimension("z", HoldBehaviour.Zero),
            Dimension("gripper", HoldBehaviour.Keep),
        ]
    );

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_stick_is_a_share_of_its_range_and_rests_around_its_middle()
    {
        var pad = new GamePad();
        pad.SetRange(GamePadCodes.LeftX, 0, 255);

        pad.Take(Event(3, GamePadCodes.LeftX, 255));
        pad.Take(Event(3, GamePadCodes.RightY, -32_768));
        Assert.Equal((1, -1), (pad.Stick(GamePadCodes.LeftX), pad.Stick(GamePadCodes.RightY)));
        pad.Take(Event(3, GamePadCodes.LeftX, 136));
        Assert.Equal(0, pad.Stick(GamePadCodes.LeftX));
        pad.Take(Event(3, GamePadCodes.CrossX, 1));
        Assert.Equal(1, pad.Stick(GamePadCodes.CrossX));
        // Beyond its range, which devices do say.
        pad.Take(Event(3, GamePadCodes.LeftX, 70_000));
        Assert.Equal(1, pad.Stick(GamePadCodes.LeftX));
        pad.Rest();
        Assert.Equal(0, pad.Stick(GamePadCodes.CrossX));
    }

    [Fact]
    public void A_button_counts_when_it_is_pressed_and_not_when_it_is_held_or_let_go()
    {
        var pressed = new List<ushort>();
        var pad = new GamePad { Pressed = pressed.Add };

        foreach (var value in new[] { 1, 2, 2, 0 })
            pad.Take(Event(1, GamePadCodes.South, value));
        // Times, and what it says between events.
        pad.Take(Event(0, 0, 0));

        Assert.Equal([GamePadCodes.South], pressed);
    }

    [LinuxFact]
    public void What_is_pushed_and_pressed_leads_and_one_that_is_pulled_out_tells_nothing_until_it_is_back()
    {
        var device = _folder.File("event0");
        using (var make = Process.Start("mkfifo", [device]))
            make.WaitForExit();
        var events = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        using var pad = new GamePadTeleoperator(
            "gamepad",
            device,
            new CartesianHand(Profile, [], () => null, "a game pad"),
            TimeProvider.System,
            200
        );
        var felt = new float[4];
        var moves = 0L;
        var asked = new List<TeleopRequest>();
        var feed = new TeleopFeed(Profile, isCorrection: false)
        {
            Felt = (_, values) =>
            {
                Volatile.Write(ref felt, values);
                Interlocked.Increment(ref moves);
            },
            Asked = asked.Add,
        };
        pad.Connect();
        pad.Start(feed);

        events.Write(Event(3, GamePadCodes.LeftX, short.MaxValue));
        events.Write(Event(3, GamePadCodes.LeftY, short.MinValue));
        events.Write(Event(1, GamePadCodes.South, 1));
        Until(() => Volatile.Read(ref felt) is [1, 1, 0, 1]);
        events.Write(Event(1, GamePadCodes.Start, 1));
        events.Write(Event(1, GamePadCodes.Select, 1));
        Until(() => asked.Count == 2);
        Assert.Equal([TeleopRequest.Next, TeleopRequest.Again], asked);

        events.Dispose();
        File.Move(device, _folder.File("elsewhere"));
        Until(() => pad.Lost is not null);
        Assert.StartsWith("the game pad is lost: ", pad.Lost, StringComparison.Ordinal);

        File.Move(_folder.File("elsewhere"), device);
        using var again = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        Until(() => pad.Lost is null);
        // Where its sticks are is not known: they rest.
        var before = Interlocked.Read(ref moves);
        Until(() => Interlocked.Read(ref moves) > before + 2);
        Assert.Equal(0, Volatile.Read(ref felt)[0]);
    }

    private static byte[] Event(ushort type, ushort code, int value)
    {
        var bytes = new byte[GamePad.EventSize];
        bytes.AsSpan(0, 16).Fill(0x5a);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(16), type);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(18), code);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), value);
        return bytes;
    }

    private static void Until(Func<bool> isSo) => Assert.True(SpinWait.SpinUntil(isSo, Patience));

    private static RobotDimension Dimension(string name, HoldBehaviour hold) =>
        new()
        {
            Name = name,
            Unit = "1",
            Minimum = hold == HoldBehaviour.Zero ? -1 : 0,
            Maximum = 1,
            MaximumRate = 1,
            MaximumAcceleration = 1,
            Hold = hold,
        };
}
