namespace Vla.Runtime.ServoSimulation;

/// <summary>A Feetech STS3215.</summary>
internal sealed class FeetechServo : SimulatedServo
{
    private const int SignOfPosition = 15;
    private const int SignOfLoad = 10;
    private const int SignOfOffset = 11;

    /// <summary>At full load, in units of 6.5 mA: 2 A.</summary>
    private const double FullCurrent = 308;

    private double _overloadedSeconds;
    private bool _isOverloaded;

    /// <param name="id">Its number.</param>
    /// <param name="joint">What it turns.</param>
    public FeetechServo(int id, SimulatedJoint joint)
        : base(joint, ServoTable.Length, ServoTable.FirstVolatile)
    {
        Voltage = 7.4;
        foreach (var (address, value) in ServoTable.Factory)
            this[address] = (byte)value;
        foreach (var (address, value) in ServoTable.FactoryWords)
            SetWord(address, value);
        this[ServoTable.Id] = (byte)id;
        KeepAll();
        Show();
    }

    public override int Id => this[ServoTable.Id];

    public override bool HasTorque => this[ServoTable.TorqueEnable] == 1;

    public override double TorqueShare => Word(ServoTable.TorqueLimit) / 1_000.0;

    public override int Position => Word(ServoTable.Position);

    public override int Baud =>
        this[ServoTable.Baud] switch
        {
            0 => 1_000_000,
            1 => 500_000,
            2 => 250_000,
            3 => 128_000,
            4 => 115_200,
            5 => 57_600,
            6 => 38_400,
            _ => 19_200,
        };

    public override double AnswerDelay => this[ServoTable.ReturnDelay] * 2e-6;

    public override bool Confirms => this[ServoTable.AnswersTo] != 0;

    public override byte Faults
    {
        get
        {
            var faults = 0;
            var volts = Voltage * 10;
            if (volts > this[ServoTable.MostVoltage] || volts < this[ServoTable.LeastVoltage])
                faults |= 1;
            if (Temperature > this[ServoTable.MostTemperature])
                faults |= 4;
            if (_isOverloaded)
                faults |= 32;
            return (byte)faults;
        }
    }

    public override byte[] PingData => [];

    protected override double GoalAngle =>
        Math.Clamp(
            Signed(Word(ServoTable.Goal), SignOfPosition),
            Word(ServoTable.LeastPosition),
            Word(ServoTable.MostPosition)
        ) + Offset;

    protected override double TorqueNow =>
        Temperature > this[ServoTable.MostTemperature] ? 0
        : _isOverloaded ? Math.Min(TorqueShare, this[ServoTable.ProtectiveTorque] / 100.0)
        : TorqueShare;

    private int Offset => Signed(Word(ServoTable.Offset), SignOfOffset);

    public override int Write(int address, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var at = address + i;
            if (at >= ServoTable.Length || at is <= ServoTable.Model + 1 or (>= ServoTable.Position and <= 70))
                continue;
            this[at] = bytes[i];
            // Unlocked, it outlasts a loss of power. Locked it counts until then: taken.
            if (IsKept(at) && this[ServoTable.Lock] == 0)
                Keep(at);
            // Switching on again ends an overload: taken.
            if (at == ServoTable.TorqueEnable)
                (_isOverloaded, _overloadedSeconds) = (false, 0);
        }

        Show();
        return 0;
    }

    public override void Calibrate()
    {
        var offset = (int)((Joint.FirstStop + Joint.LastStop) / 2) - 2_047;
        var (least, most) = ((int)Joint.FirstStop - offset, (int)Joint.LastStop - offset);
        if (Joint.FirstStop == 0)
            (offset, least, most) = (0, 0, 4_095);
        Write(ServoTable.Lock, [0]);
        Write(ServoTable.Offset, Bytes(Amount(offset, SignOfOffset)));
        Write(ServoTable.LeastPosition, Bytes(least));
        Write(ServoTable.MostPosition, Bytes(most));
        Write(ServoTable.Lock, [1]);
    }

    protected override void Begin()
    {
        this[ServoTable.TorqueEnable] = 0;
        this[ServoTable.Lock] = 1;
        SetWord(ServoTable.Goal, 0);
        SetWord(ServoTable.TorqueLimit, Word(ServoTable.MostTorque));
        (_isOverloaded, _overloadedSeconds) = (false, 0);
    }

    protected override void Watch(double seconds)
    {
        if (!HasTorque)
            return;
        _overloadedSeconds = Math.Abs(Load) * 100 >= this[ServoTable.OverloadTorque] ? _overloadedSeconds + seconds : 0;
        if (_overloadedSeconds * 100 > this[ServoTable.ProtectionTime])
            _isOverloaded = true;
    }

    protected override void Show()
    {
        var position = ((int)Math.Round(Angle) - Offset) % Turn;
        SetWord(ServoTable.Position, position < 0 ? position + Turn : position);
        SetWord(ServoTable.Velocity, Amount((int)Speed, SignOfPosition));
        SetWord(ServoTable.Load, Amount((int)(Load * 1_000), SignOfLoad));
        this[ServoTable.Voltage] = (byte)Math.Round(Voltage * 10);
        this[ServoTable.Temperature] = (byte)Temperature;
        this[ServoTable.Status] = Faults;
        this[ServoTable.Moving] = Math.Abs(Speed) > 10 ? (byte)1 : (byte)0;
        SetWord(ServoTable.Current, Amount((int)(Pushing * FullCurrent), SignOfPosition));
    }

    private void SetWord(int address, int value) => Set(address, 2, value);

    private static int Signed(int word, int bit) =>
        (word & (1 << bit)) == 0 ? word & ((1 << bit) - 1) : -(word & ((1 << bit) - 1));

    private static int Amount(int value, int bit) =>
        Math.Min(Math.Abs(value), (1 << bit) - 1) | (value < 0 ? 1 << bit : 0);

    private static byte[] Bytes(int word) => [(byte)word, (byte)(word >> 8)];
}
