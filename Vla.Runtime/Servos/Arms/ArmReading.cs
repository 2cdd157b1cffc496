using Vla.Runtime.Servos.Feetech;
using Vla.Sensors;

namespace Vla.Runtime.Servos.Arms;

/// <summary>What all servos of an arm told at one turn of its loop.</summary>
/// <remarks>
/// One question for all: position, speed, load, warmth, status and current lie side by side in a servo.
/// </remarks>
internal sealed class ArmReading
{
    private static readonly int First = Sts3215.PresentPosition.Address;
    private static readonly int Count = Sts3215.PresentCurrent.Address + Sts3215.PresentCurrent.Length - First;

    private readonly int[] _ids = ArmKind.Ids;
    private readonly byte[] _data = new byte[ArmKind.Ids.Length * Count];
    private readonly int[] _faults = new int[ArmKind.Ids.Length];
    private readonly int[] _again = new int[1];
    private readonly byte[] _dataAgain = new byte[Count];
    private readonly int[] _faultAgain = new int[1];

    /// <summary>Of <see cref="Read"/>: when it was true, monotonic nanoseconds.</summary>
    public long AtNs { get; private set; }

    /// <summary>Steps, after the servo's offset.</summary>
    public int[] Positions { get; } = new int[ArmKind.Ids.Length];

    /// <summary>Steps a second.</summary>
    public int[] Speeds { get; } = new int[ArmKind.Ids.Length];

    /// <summary>Shares of full torque, 0 to 1.</summary>
    public double[] Loads { get; } = new double[ArmKind.Ids.Length];

    public int[] Celsius { get; } = new int[ArmKind.Ids.Length];

    public double[] Milliamperes { get; } = new double[ArmKind.Ids.Length];

    public ServoFaults[] Faults { get; } = new ServoFaults[ArmKind.Ids.Length];

    /// <summary>Asks all; those that do not answer once more, each alone.</summary>
    /// <returns>False when one does not answer: then nothing has changed.</returns>
    public bool Read(ServoBus bus, TimeProvider time)
    {
        var beganNs = time.NowNs();
        if (bus.SyncRead(_ids, First, Count, _data, _faults) < _ids.Length && !AskAgain(bus))
            return false;
        // Each told it when its turn came: in the middle on average.
        AtNs = beganNs + (time.NowNs() - beganNs) / 2;
        for (var i = 0; i < _ids.Length; i++)
        {
            var data = _data.AsSpan(i * Count, Count);
            Positions[i] = Value(Sts3215.PresentPosition, data);
            Speeds[i] = Value(Sts3215.PresentVelocity, data);
            Loads[i] = Math.Abs(Value(Sts3215.PresentLoad, data)) / (double)Sts3215.FullTorque;
            Celsius[i] = Value(Sts3215.PresentTemperature, data);
            Milliamperes[i] = Math.Abs(Value(Sts3215.PresentCurrent, data)) * Sts3215.CurrentMilliamperes;
            // Its status as it stood then, and what came with the answer.
            Faults[i] = (ServoFaults)(_faults[i] | Value(Sts3215.Status, data));
        }

        return true;
    }

    private bool AskAgain(ServoBus bus)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            if (_faults[i] >= 0)
                continue;
            _again[0] = _ids[i];
            bus.NoteRetry();
            if (bus.SyncRead(_again, First, Count, _dataAgain, _faultAgain) == 0)
                return false;
            _dataAgain.CopyTo(_data, i * Count);
            _faults[i] = _faultAgain[0];
        }

        return true;
    }

    private static int Value(ServoRegister register, ReadOnlySpan<byte> data) =>
        register.Decode(data[(register.Address - First)..]);
}
