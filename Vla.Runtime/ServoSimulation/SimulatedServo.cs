namespace Vla.Runtime.ServoSimulation;

/// <summary>One servo with what it turns: registers, motor, weight, warmth.</summary>
/// <remarks>
/// Written after the servos' own documents. What these leave open is marked "taken": a real servo may differ there.
/// </remarks>
internal abstract class SimulatedServo
{
    protected const int Turn = 4_096;

    /// <summary>How strongly it corrects a difference, of full torque for each step of it.</summary>
    private const double Stiffness = Eagerness / SimulatedJoint.FastestTurn;

    /// <summary>How fast it wants to be for each step that it is away, 1/s.</summary>
    private const double Eagerness = 15;

    private const double RoomTemperature = 28;

    /// <summary>Of full load, kelvins a second.</summary>
    private const double Heating = 2.5;

    /// <summary>Share of the warmth that is lost in a second.</summary>
    private const double Cooling = 0.02;

    private readonly byte[] _table;
    private readonly byte[] _kept;
    private int _comesFrom;

    /// <param name="joint">What it turns.</param>
    /// <param name="length">Of its table.</param>
    /// <param name="firstVolatile">From there on nothing outlasts a loss of power.</param>
    protected SimulatedServo(SimulatedJoint joint, int length, int firstVolatile)
    {
        Joint = joint;
        Angle = joint.Begins;
        (_table, _kept) = (new byte[length], new byte[firstVolatile]);
    }

    public SimulatedJoint Joint { get; }

    /// <summary>Where the horn really is, steps, whatever the servo's offset makes of it.</summary>
    public double Angle { get; private set; }

    /// <summary>How fast it turns, steps a second.</summary>
    public double Speed { get; private set; }

    /// <summary>
    /// An angle that it cannot turn beyond, from whichever side it comes; null when nothing is in its way.
    /// </summary>
    public double? Obstacle
    {
        get;
        set
        {
            field = value;
            _comesFrom = 0;
        }
    }

    /// <summary>Warmth, °C.</summary>
    public double Temperature { get; set; } = RoomTemperature;

    /// <summary>Supply, volts.</summary>
    public double Voltage { get; set; }

    /// <summary>Whether it answers at all.</summary>
    public bool IsDead { get; set; }

    /// <summary>Where somebody's hand takes it; null while nobody does. A servo with torque resists.</summary>
    public double? Hand { get; set; }

    /// <summary>The largest speed that it had with its weight, downwards, steps a second.</summary>
    public double FastestSinking { get; set; }

    public abstract int Id { get; }

    public abstract bool HasTorque { get; }

    /// <summary>Of all that it has, as it was told: 0 to 1.</summary>
    public abstract double TorqueShare { get; }

    /// <summary>As it tells it, steps.</summary>
    public abstract int Position { get; }

    /// <summary>Speed of the line that it listens at.</summary>
    public abstract int Baud { get; }

    /// <summary>How long it waits before it answers, seconds.</summary>
    public abstract double AnswerDelay { get; }

    /// <summary>Whether it confirms what is written.</summary>
    public abstract bool Confirms { get; }

    /// <summary>What it says is wrong with it.</summary>
    public abstract byte Faults { get; }

    /// <summary>What its answer to a ping carries.</summary>
    public abstract byte[] PingData { get; }

    /// <summary>How hard it works, and which way: -1 to 1.</summary>
    protected double Load { get; private set; }

    /// <summary>Where it is to be, as <see cref="Angle"/>.</summary>
    protected abstract double GoalAngle { get; }

    /// <summary>Of all that it has, what it uses now: 0 to 1.</summary>
    protected abstract double TorqueNow { get; }

    /// <summary>A byte of its table.</summary>
    public byte this[int address]
    {
        get => _table[address];
        protected set => _table[address] = value;
    }

    /// <summary>A number of two bytes, the lower first.</summary>
    public int Word(int address) => _table[address] | (_table[address + 1] << 8);

    /// <summary>A number of four bytes, the lowest first.</summary>
    public int Long(int address) => Word(address) | (Word(address + 2) << 16);

    /// <summary>Reads its table; beyond the end there are zeros.</summary>
    public byte[] Read(int address, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count && address + i < _table.Length; i++)
            bytes[i] = _table[address + i];
        return bytes;
    }

    /// <summary>Writes its table, and does what that means. What it only tells stays as it is.</summary>
    /// <returns>What is wrong with it, as its answer says it; 0 for nothing.</returns>
    public abstract int Write(int address, ReadOnlySpan<byte> bytes);

    /// <summary>Has it know its middle and its limits, as calibration would.</summary>
    public abstract void Calibrate();

    /// <summary>Switches the power off and on.</summary>
    public void CyclePower()
    {
        _kept.CopyTo(_table.AsSpan());
        Speed = 0;
        Begin();
        Show();
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="seconds">So short that it goes in one step: a few milliseconds.</param>
    public void Step(double seconds)
    {
        var torque = HasTorque ? TorqueNow : 0;
        var way = Joint.LiesAt is { } lies ? lies - Angle : 0;
        var weight = Math.Abs(way) < 1 ? 0 : Joint.Weight;
        var wanted = Wanted(torque, weight, way);
        var most = SimulatedJoint.FastestSpeedUp * seconds;
        Speed += Math.Clamp(wanted - Speed, -most, most);
        Move(seconds);

        var difference = HasTorque ? GoalAngle - Angle : 0;
        Load =
            Math.Clamp(Math.Abs(difference) * Stiffness + (HasTorque ? weight : 0), 0, torque) * Math.Sign(difference);
        Temperature += (Heating * Load * Load - Cooling * (Temperature - RoomTemperature)) * seconds;
        Watch(seconds);
        if (way != 0 && Math.Sign(Speed) == Math.Sign(way))
            FastestSinking = Math.Max(FastestSinking, Math.Abs(Speed));
        Show();
    }

    /// <summary>Begins with what outlasted the loss of power, the rest as it is then.</summary>
    protected abstract void Begin();

    /// <summary>Looks after itself.</summary>
    protected abstract void Watch(double seconds);

    /// <summary>Brings what it tells up to date.</summary>
    protected abstract void Show();

    /// <summary>What it takes to turn so fast is voltage, not current: of full current, -1 to 1.</summary>
    protected double Pushing =>
        Math.Max(0, Math.Abs(Load) - Math.Abs(Speed) / SimulatedJoint.FastestTurn) * Math.Sign(Load);

    /// <summary>Whether a place of its table outlasts a loss of power.</summary>
    protected bool IsKept(int address) => address < _kept.Length;

    /// <summary>Has what is there outlast a loss of power.</summary>
    protected void Keep(int address) => _kept[address] = _table[address];

    protected void KeepAll() => _table.AsSpan(0, _kept.Length).CopyTo(_kept);

    /// <summary>Sets a number, the lowest byte first.</summary>
    protected void Set(int address, int length, int value)
    {
        for (var i = 0; i < length; i++)
            _table[address + i] = (byte)(value >> (8 * i));
    }

    private double Wanted(double torque, double weight, double way)
    {
        if (Hand is { } hand && torque < 0.5)
            return (hand - Angle) * Eagerness;
        // Too weak to hold it: it sinks, the faster the weaker.
        if (torque < weight)
            return Math.Sign(way) * SimulatedJoint.FastestFall * (weight - torque) / weight;
        if (torque == 0)
            return 0;
        var fastest = SimulatedJoint.FastestTurn * (torque - weight);
        return Math.Clamp((GoalAngle - Angle) * Eagerness, -fastest, fastest);
    }

    private void Move(double seconds)
    {
        var next = Math.Clamp(Angle + Speed * seconds, Joint.FirstStop, Joint.LastStop);
        if (Obstacle is { } wall)
        {
            // Put where it is, it is in the way of the first move.
            if (_comesFrom == 0)
                _comesFrom = Angle != wall ? Math.Sign(Angle - wall) : -Math.Sign(next - wall);
            next = _comesFrom > 0 ? Math.Max(next, wall) : Math.Min(next, wall);
        }

        Speed = (next - Angle) / seconds;
        Angle = next;
    }
}
