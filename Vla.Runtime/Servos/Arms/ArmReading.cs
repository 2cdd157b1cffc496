using Vla.Sensors;

namespace Vla.Runtime.Servos.Arms;

/// <summary>What all servos of an arm told at one turn of its loop.</summary>
/// <remarks>
/// One question for all: position, speed, load, warmth and current lie side by side in a servo.
/// </remarks>
internal sealed class ArmReading
{
    private readonly ServoMake _make;
    private readonly double[] _milliamperes;
    private readonly int _first;
    private readonly int _count;
    private readonly int[] _ids = ArmKind.Ids;
    private readonly byte[] _data;
    private readonly int[] _faults = new int[ArmKind.Ids.Length];
    private readonly int[] _again = new int[1];
    private readonly int[] _error = new int[1];
    private readonly byte[] _dataAgain;
    private readonly int[] _faultAgain = new int[1];

    public ArmReading(ArmKind kind)
    {
        _make = kind.Make;
        _milliamperes = [.. kind.Models.Select(model => _make.ModelOf(model)!.Milliamperes)];
        ServoRegister?[] told =
        [
            _make.PresentLoad,
            _make.PresentCurrent,
            _make.PresentVelocity,
            _make.PresentPosition,
            _make.PresentTemperature,
            _make.Status,
        ];
        _first = told.OfType<ServoRegister>().Min(register => register.Address);
        _count = told.OfType<ServoRegister>().Max(register => register.Address + register.Length) - _first;
        (_data, _dataAgain) = (new byte[_ids.Length * _count], new byte[_count]);
    }

    /// <summary>Of <see cref="Read"/>: when it was true, monotonic nanoseconds.</summary>
    public long AtNs { get; private set; }

    /// <summary>Steps, after the servo's offset, as it tells them.</summary>
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
        if (bus.SyncRead(_ids, _first, _count, _data, _faults) < _ids.Length && !AskAgain(bus))
            return false;
        // Each told it when its turn came: in the middle on average.
        AtNs = beganNs + (time.NowNs() - beganNs) / 2;
        for (var i = 0; i < _ids.Length; i++)
        {
            var data = _data.AsSpan(i * _count, _count);
            Positions[i] = Value(_make.PresentPosition, data);
            Speeds[i] = (int)(Value(_make.PresentVelocity, data) * _make.VelocitySteps);
            Loads[i] = Math.Abs(Value(_make.PresentLoad, data)) / (double)_make.FullTorque;
            Celsius[i] = Value(_make.PresentTemperature, data);
            Milliamperes[i] = Math.Abs(Value(_make.PresentCurrent, data)) * _milliamperes[i];
            // Its status as it stood then, and what came with the answer.
            Faults[i] = (ServoFaults)(_faults[i] | (_make.Status is null ? 0 : Value(_make.Status, data)));
            if ((Faults[i] & ServoFaults.Hardware) != 0)
                Faults[i] = HardwareFaults(bus, i);
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
            if (bus.SyncRead(_again, _first, _count, _dataAgain, _faultAgain) == 0)
                return false;
            _dataAgain.CopyTo(_data, i * _count);
            _faults[i] = _faultAgain[0];
        }

        return true;
    }

    /// <summary>An answer told that something is wrong: what.</summary>
    private ServoFaults HardwareFaults(ServoBus bus, int place)
    {
        _again[0] = _ids[place];
        var faults =
            _make.HardwareError is { } register && bus.TrySyncRead(register, _again, _error)
                ? _make.HardwareFaults(_error[0])
                : ServoFaults.None;
        return faults == ServoFaults.None ? ServoFaults.Hardware : faults;
    }

    private int Value(ServoRegister register, ReadOnlySpan<byte> data) =>
        register.Decode(data[(register.Address - _first)..]);
}
