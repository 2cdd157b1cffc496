using System.Buffers.Binary;

namespace Vla.Runtime.Teleoperation;

/// <summary>Reads what a game pad's event device says: Linux's <c>struct input_event</c>.</summary>
/// <remarks>
/// 24 bytes each on a 64-bit system: a time of 16, then type, code (16 bits) and value (32 bits, signed). Source:
/// Linux's <c>include/uapi/linux/input.h</c> and <c>input-event-codes.h</c>.
/// </remarks>
internal sealed class GamePad
{
    /// <summary>Bytes of an event.</summary>
    public const int EventSize = 24;

    private const int TimeSize = 16;
    private const ushort KeyType = 1;
    private const ushort AbsoluteType = 3;

    /// <summary>Sticks seldom rest quite in their middle.</summary>
    private const double DeadZone = 0.12;

    private readonly Dictionary<ushort, (int Least, int Most)> _ranges = [];
    private readonly Dictionary<ushort, double> _axes = [];

    /// <summary>Told the code of a button that was pressed.</summary>
    public Action<ushort> Pressed { get; set; } = _ => { };

    /// <summary>Says between which values an axis is; without that it is one of 16 bits with a sign.</summary>
    public void SetRange(ushort axis, int least, int most)
    {
        if (most > least)
            _ranges[axis] = (least, most);
    }

    /// <summary>Whether the device has said that it has an axis.</summary>
    public bool Has(ushort axis) => _ranges.ContainsKey(axis) || _axes.ContainsKey(axis);

    /// <summary>Where a stick is, -1 to 1; 0 within its dead zone.</summary>
    public double Stick(ushort axis)
    {
        var value = _axes.GetValueOrDefault(axis);
        return Math.Abs(value) < DeadZone ? 0 : Math.Sign(value) * (Math.Abs(value) - DeadZone) / (1 - DeadZone);
    }

    /// <summary>Everything is where it rests, until the device says otherwise.</summary>
    public void Rest() => _axes.Clear();

    /// <summary>Takes an event.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        var type = BinaryPrimitives.ReadUInt16LittleEndian(bytes[TimeSize..]);
        var code = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(TimeSize + 2)..]);
        var value = BinaryPrimitives.ReadInt32LittleEndian(bytes[(TimeSize + 4)..]);
        switch (type)
        {
            case AbsoluteType:
                var (least, most) = RangeOf(code);
                _axes[code] = Math.Clamp(2.0 * ((double)value - least) / ((double)most - least) - 1, -1, 1);
                break;
            // 2 is a repetition, 0 that it was let go.
            case KeyType when value == 1:
                Pressed(code);
                break;
        }
    }

    private (int Least, int Most) RangeOf(ushort axis) =>
        _ranges.TryGetValue(axis, out var range) ? range
        // The cross is an axis of three places.
        : axis is GamePadCodes.CrossX or GamePadCodes.CrossY ? (-1, 1)
        : (short.MinValue, short.MaxValue);
}

/// <summary>Codes of <c>input-event-codes.h</c>.</summary>
internal static class GamePadCodes
{
    public const ushort LeftX = 0;
    public const ushort LeftY = 1;
    public const ushort Z = 2;
    public const ushort RightX = 3;
    public const ushort RightY = 4;
    public const ushort RotationZ = 5;
    public const ushort CrossX = 16;
    public const ushort CrossY = 17;
    public const ushort South = 0x130;
    public const ushort East = 0x131;
    public const ushort North = 0x133;
    public const ushort Select = 0x13a;
    public const ushort Start = 0x13b;
    public const ushort Mode = 0x13c;
}
